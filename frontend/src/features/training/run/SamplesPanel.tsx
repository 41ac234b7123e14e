import { addressOf } from '@/api';
import type { Run } from '@/api';
import { TESTIDS, formatPercent } from '@/lib';
import { Panel } from '@/ui';
import classes from './RunPage.module.css';

/** What the network says of the same few validation images, epoch after epoch. */
export function SamplesPanel({ run }: { run: Run }) {
  const { samples } = run;
  return (
    <Panel
      title={samples ? `Validation samples after epoch ${String(samples.epoch)}` : 'Validation samples'}
      testId={TESTIDS.training.samples}
    >
      {samples === null && <p className={classes.muted}>They appear after the first epoch.</p>}
      <div className={classes.samples}>
        {samples?.predictions.map(({ item_id, label, predicted, confidence }) => {
          const isWrong = label !== predicted;
          const said = run.classes[predicted] ?? String(predicted);
          const truth = run.classes[label] ?? String(label);
          return (
            <div key={item_id} className={classes.sample} data-wrong={isWrong || undefined}>
              <img
                src={addressOf(`/api/items/${item_id}/thumbnail`)}
                alt={`Sample of ${truth}`}
                loading="lazy"
                onLoad={(event) => {
                  const { naturalWidth, naturalHeight } = event.currentTarget;
                  if (Math.max(naturalWidth, naturalHeight) <= 64) event.currentTarget.dataset['tiny'] = 'true';
                }}
              />
              <div>
                <span className={isWrong ? classes.wrong : undefined}>
                  {isWrong ? '✗ ' : ''}
                  {said} {formatPercent(confidence, 0)}
                </span>
                {isWrong && <small>is {truth}</small>}
              </div>
            </div>
          );
        })}
      </div>
    </Panel>
  );
}
