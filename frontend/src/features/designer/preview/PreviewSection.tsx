import { ActionIcon, SegmentedControl } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { NodeActivation, TensorSummary } from '@/api';
import { lookup } from '../document/records';
import panel from '../properties/Properties.module.css';
import { usePreview } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { Bars } from './Bars';
import { ClassScores } from './ClassScores';
import { FoundBoxes } from './FoundBoxes';
import classes from './Preview.module.css';
import { useCloseUp } from './useCloseUp';
import { isWarning, pictureLabel, shareText, valueText } from './words';

/** In the property panel: what the selected layer gives for the sample, large and in numbers. */
export function PreviewSection({ path }: { path: string }) {
  const isOn = usePreview((state) => state.isOn);
  const isStale = usePreview((state) => state.isStale);
  const activation = usePreview((state) => lookup(state.nodes, path));
  if (!isOn) return null;
  return (
    <section
      className={panel.section}
      aria-label="Preview"
      data-testid={DESIGNER_IDS.previewClose}
    >
      <h3 className={panel.heading}>Preview</h3>
      {activation === undefined ? (
        <p className={classes.note}>This layer has not been reached by the sample.</p>
      ) : (
        <div className={isStale ? classes.stale : undefined}>
          <Closely key={path} path={path} activation={activation} />
        </div>
      )}
    </section>
  );
}

function Closely({ path, activation }: { path: string; activation: NodeActivation }) {
  const [port, setPort] = useState(0);
  const [first, setFirst] = useState(0);
  const output = activation.outputs[port] ?? activation.outputs[0];
  const close = useCloseUp(path, first);
  if (output === undefined) return null;
  const shown = close?.outputs[port] ?? output;
  return (
    <>
      {activation.outputs.length > 1 && (
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label="Output"
          data={activation.outputs.map((each, index) => ({
            value: String(index),
            label: each.port,
          }))}
          value={String(port)}
          onChange={(value) => {
            setPort(Number(value));
            setFirst(0);
          }}
        />
      )}
      {activation.notes.map((note) => (
        <p key={note} className={classes.note} data-warning={isWarning(note) || undefined}>
          {note}
        </p>
      ))}
      <Large output={shown} onPage={setFirst} />
      <div className={classes.histogram}>
        <Bars values={output.histogram} label="Histogram of the values, 32 bins" />
      </div>
      <div className={classes.range} aria-hidden>
        <span>{valueText(output.minimum)}</span>
        <span>{valueText(output.maximum)}</span>
      </div>
      <Numbers output={output} />
    </>
  );
}

function Large({ output, onPage }: { output: TensorSummary; onPage: (first: number) => void }) {
  const { picture } = output;
  if (picture == null) return null;
  if (picture.kind === 'boxes') return <FoundBoxes picture={picture} />;
  const { first, num_shown: shown, num_all: all } = picture;
  const isPaged = picture.kind === 'maps' || picture.kind === 'bars';
  return (
    <>
      {picture.url != null && (
        <img className={classes.large} src={picture.url} alt={pictureLabel(picture)} />
      )}
      {picture.values != null && picture.names != null && <ClassScores picture={picture} />}
      {picture.values != null && picture.names == null && (
        <div className={classes.histogram}>
          <Bars values={picture.values} label={pictureLabel(picture)} />
        </div>
      )}
      <div className={classes.pager}>
        <span>{pictureLabel(picture)}</span>
        {isPaged && shown < all && (
          <span>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={22}
              aria-label="Earlier channels"
              disabled={first === 0}
              onClick={() => onPage(Math.max(0, first - shown))}
            >
              <IconChevronLeft size={15} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={22}
              aria-label="Later channels"
              disabled={first + shown >= all}
              onClick={() => onPage(first + shown)}
            >
              <IconChevronRight size={15} />
            </ActionIcon>
          </span>
        )}
      </div>
    </>
  );
}

function Numbers({ output }: { output: TensorSummary }) {
  return (
    <dl className={classes.facts}>
      <dt>Shape</dt>
      <dd>
        {output.shape.join(' × ')} {output.dtype}
      </dd>
      <dt>Mean ± deviation</dt>
      <dd>
        {valueText(output.mean)} ± {valueText(output.std)}
      </dd>
      <dt>Zeros</dt>
      <dd>{shareText(output.zero_share)}</dd>
      {output.num_dead != null && (
        <>
          <dt>Channels all zero</dt>
          <dd>{output.num_dead === 0 ? 'none' : output.num_dead}</dd>
        </>
      )}
      <dt>Not a number</dt>
      <dd>{shareText(output.nan_share)}</dd>
      <dt>Infinite</dt>
      <dd>{shareText(output.infinite_share)}</dd>
    </dl>
  );
}
