import { ActionIcon, Badge, Modal, Tooltip, UnstyledButton } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import type { Dataset, ItemDetail } from '@/api';
import { TESTIDS, formatBytes, formatCount, formatDateTime } from '@/lib';
import { ProblemNotice } from '@/ui';
import { itemQuery } from '../api';
import { keyOfClass } from '../gallery/classKeys';
import { labelingAction } from '../gallery/labelingKeys';
import { historyLine } from './historyLine';
import classes from './ItemViewer.module.css';

interface ItemViewerProps {
  dataset: Dataset;
  itemId: string;
  position: { index: number; total: number } | undefined;
  onStep: ((offset: 1 | -1) => void) | undefined;
  onSetClass: (item: ItemDetail, classId: string | null) => void;
  onUndo: (() => void) | null;
  onRedo: (() => void) | null;
  onClose: () => void;
}

/** One image, large, with one key per class, where it came from and everything said about it. */
export function ItemViewer(props: ItemViewerProps) {
  const { dataset, itemId, position, onStep, onSetClass, onUndo, onRedo, onClose } = props;
  const { data: item, error } = useQuery(itemQuery(itemId));
  const setClass = (classId: string | null) => {
    if (item) onSetClass(item, classId);
  };
  const handleKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'ArrowRight') onStep?.(1);
    else if (event.key === 'ArrowLeft') onStep?.(-1);
    else {
      const action = labelingAction(event, dataset.classes, dataset.can_label);
      if (!action) return;
      if (action.kind === 'set') setClass(action.classId);
      else (action.kind === 'undo' ? onUndo : onRedo)?.();
    }
    event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => handleKey(event);
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);

  return (
    <Modal.Root opened onClose={onClose} fullScreen>
      <Modal.Overlay />
      <Modal.Content aria-label={item?.file_name ?? 'Image'} data-testid={TESTIDS.data.viewer}>
        <Modal.Body className={classes.body}>
          <div className={classes.stage}>
            {error && <ProblemNotice error={error} />}
            {item && (
              <img
                className={classes.image}
                src={item.image_url}
                alt={item.file_name}
                style={{ aspectRatio: `${String(item.width)} / ${String(item.height)}` }}
                data-tiny={Math.max(item.width, item.height) <= 256 || undefined}
              />
            )}
            {onStep && (
              <>
                <Step label="Previous image (←)" side="left" onClick={() => onStep(-1)} />
                <Step label="Next image (→)" side="right" onClick={() => onStep(1)} />
              </>
            )}
          </div>
          <aside className={classes.side}>
            <div className={classes.title}>
              <h2>{item?.file_name ?? ' '}</h2>
              <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={onClose} data-autofocus>
                <IconX size={18} />
              </ActionIcon>
            </div>
            {position && (
              <p className={classes.muted}>
                {formatCount(position.index + 1)} of {formatCount(position.total)}
              </p>
            )}
            {item && <ClassChoice dataset={dataset} item={item} onSet={setClass} />}
            {item && <Facts item={item} dataset={dataset} />}
          </aside>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Step({ label, side, onClick }: { label: string; side: 'left' | 'right'; onClick: () => void }) {
  const Icon = side === 'left' ? IconChevronLeft : IconChevronRight;
  return (
    <Tooltip label={label}>
      <ActionIcon className={classes.step} data-side={side} variant="default" size={40} radius="xl" aria-label={label} onClick={onClick}>
        <Icon size={22} />
      </ActionIcon>
    </Tooltip>
  );
}

interface ClassChoiceProps {
  dataset: Dataset;
  item: ItemDetail;
  onSet: (classId: string | null) => void;
}

function ClassChoice({ dataset, item, onSet }: ClassChoiceProps) {
  return (
    <div className={classes.classes} role="radiogroup" aria-label="Class">
      {dataset.classes.map((each, order) => (
        <UnstyledButton
          key={each.id}
          role="radio"
          aria-checked={item.label?.class_id === each.id}
          className={classes.class}
          disabled={!dataset.can_label}
          style={{ '--class-color': each.color }}
          onClick={() => onSet(each.id)}
        >
          {dataset.can_label && <kbd>{keyOfClass(order) ?? '·'}</kbd>}
          {each.name}
        </UnstyledButton>
      ))}
      {!dataset.can_label && <p className={classes.muted}>Your role sees labels and does not set them.</p>}
    </div>
  );
}

function Facts({ item, dataset }: { item: ItemDetail; dataset: Dataset }) {
  const nameOf = (classId: string | null) => dataset.classes.find(({ id }) => id === classId)?.name;
  return (
    <>
      <dl className={classes.facts}>
        <dt>Size</dt>
        <dd className="mono">
          {item.width} × {item.height} px, {formatBytes(item.size_bytes)}
        </dd>
        <dt>Format</dt>
        <dd className="mono">
          {item.format} {item.mode}
        </dd>
        <dt>Split</dt>
        <dd>
          <Badge color="gray">{item.split}</Badge>
        </dd>
        {item.group !== '' && (
          <>
            <dt>Group</dt>
            <dd className="mono">{item.group}</dd>
          </>
        )}
        <dt>Source</dt>
        <dd className="mono">{item.source}</dd>
      </dl>
      <h3 className={classes.heading}>History</h3>
      <ol className={classes.history}>
        {item.history.toReversed().map((event) => (
          <li key={event.event_id}>
            <span>{historyLine(event, nameOf)}</span>
            <span className={classes.muted}>
              {event.author ?? event.origin}, {formatDateTime(event.time)}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
