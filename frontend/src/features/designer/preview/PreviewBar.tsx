import { ActionIcon, Loader, Select, Tooltip } from '@mantine/core';
import {
  IconArrowsShuffle,
  IconChevronLeft,
  IconChevronRight,
  IconX,
} from '@tabler/icons-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useDesigner, usePreview } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Preview.module.css';
import { usePreviewSamples } from './usePreviewSamples';
import { usePreviewWeights, weightsKey } from './usePreviewWeights';

const SHOWN_AFTER_MS = 200;

/** Over the canvas while the preview is on: which sample, whose weights, and what is to be said. */
export function PreviewBar() {
  const isOn = usePreview((state) => state.isOn);
  return isOn ? <OpenBar /> : null;
}

function OpenBar() {
  const { preview } = useDesigner();
  return (
    <div
      className={classes.bar}
      role="toolbar"
      aria-label="Preview"
      data-testid={DESIGNER_IDS.previewBar}
    >
      <SampleChoice />
      <span className={classes.rule} />
      <WeightsChoice />
      <Working />
      <Step label="End the preview (P)" onClick={() => preview.toggle()}>
        <IconX size={15} />
      </Step>
      <Said />
    </div>
  );
}

function SampleChoice() {
  const { shown, isMadeUp, step, shuffle } = usePreviewSamples();
  return (
    <>
      <span className={classes.barLabel}>Sample</span>
      <Step label="Previous sample" onClick={() => step(-1)}>
        <IconChevronLeft size={16} />
      </Step>
      {shown !== null && (
        <img className={classes.thumb} src={shown.thumbnail_url} alt="" draggable={false} />
      )}
      <span className={classes.sampleName} title={shown?.file_name}>
        {isMadeUp || shown === null ? 'Random numbers' : (shown.label_name ?? shown.file_name)}
      </span>
      <Step label="Next sample" testId={DESIGNER_IDS.previewNext} onClick={() => step(1)}>
        <IconChevronRight size={16} />
      </Step>
      <Step label="Another sample at random" onClick={shuffle}>
        <IconArrowsShuffle size={15} />
      </Step>
    </>
  );
}

function WeightsChoice() {
  const { preview } = useDesigner();
  const weights = usePreview((state) => state.weights);
  const { groups, weightsOf } = usePreviewWeights();
  return (
    <>
      <span className={classes.barLabel}>Weights</span>
      <Select
        className={classes.weights}
        size="xs"
        aria-label="Weights"
        searchable
        allowDeselect={false}
        data={groups}
        value={weightsKey(weights)}
        data-testid={DESIGNER_IDS.previewWeights}
        onChange={(key) => {
          const chosen = key === null ? undefined : weightsOf(key);
          if (chosen !== undefined) preview.choose({ weights: chosen });
        }}
      />
    </>
  );
}

/** Turns only when it takes long enough to be seen. */
function Working() {
  const isWorking = usePreview((state) => state.isStale && state.problem === null);
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isWorking) return;
    const timer = setTimeout(() => setShown(true), SHOWN_AFTER_MS);
    return () => {
      clearTimeout(timer);
      setShown(false);
    };
  }, [isWorking]);
  return <span style={{ width: 14 }}>{isShown && <Loader size={14} />}</span>;
}

function Said() {
  const problem = usePreview((state) => state.problem);
  const notes = usePreview((state) => state.notes);
  const weights = usePreview((state) => state.weights);
  const checkpoint = usePreview((state) => state.checkpoint);
  const epoch =
    checkpoint === null || weights.kind === 'random'
      ? null
      : `Weights of epoch ${Number(checkpoint.epoch.toFixed(1))}, step ${checkpoint.step}.`;
  const said = problem === null ? [epoch, ...notes].filter((each) => each !== null) : [problem];
  return (
    <span className={classes.said} role="status" data-problem={problem !== null || undefined}>
      {said.join(' ')}
    </span>
  );
}

interface StepProps {
  label: string;
  testId?: string;
  onClick: () => void;
  children: ReactNode;
}

function Step({ label, testId, onClick, children }: StepProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={24}
        aria-label={label}
        data-testid={testId}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
