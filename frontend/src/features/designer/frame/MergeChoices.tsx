import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { plural } from '@/lib';
import { DialogFooter } from '@/ui';
import type { Choices, MergeConflict, Side } from '../state/historyApi';
import { DESIGNER_IDS } from '../testids';
import classes from './ConflictDialog.module.css';

/** Of both sides together: more would be cut off beside each other. */
const MOST_LETTERS = 60;

interface MergeChoicesProps {
  conflicts: readonly MergeConflict[];
  /** What the two sides are called. */
  sides: Readonly<Record<Side, string>>;
  isBusy: boolean;
  onMerge: (choices: Choices) => void;
  onBack: () => void;
}

/** One question for each thing that both sides changed differently. */
export function MergeChoices({ conflicts, sides, isBusy, onMerge, onBack }: MergeChoicesProps) {
  const [choices, setChoices] = useState<Choices>(() =>
    Object.fromEntries(conflicts.map(({ id }) => [id, 'ours'])),
  );
  return (
    <>
      <p className={classes.text}>
        {plural(conflicts.length, 'thing was', 'things were')} changed differently by both sides.
        Everything else fits together. Choose what holds:
      </p>
      <ul className={classes.conflicts}>
        {conflicts.map(({ id, what, base, ours, theirs }) => (
          <li key={id} data-testid={DESIGNER_IDS.mergeConflict}>
            <b>{what}</b>
            <span className={classes.was}>was {base}</span>
            <SegmentedControl
              size="xs"
              aria-label={what}
              orientation={
                `${sides.ours}${ours}${sides.theirs}${theirs}`.length > MOST_LETTERS
                  ? 'vertical'
                  : 'horizontal'
              }
              classNames={{ label: classes.choice ?? '' }}
              value={choices[id] ?? 'ours'}
              onChange={(value) =>
                setChoices({ ...choices, [id]: value === 'theirs' ? 'theirs' : 'ours' })
              }
              data={[
                { value: 'ours', label: `${sides.ours}: ${ours}` },
                { value: 'theirs', label: `${sides.theirs}: ${theirs}` },
              ]}
            />
          </li>
        ))}
      </ul>
      <DialogFooter>
        <Button variant="default" onClick={onBack}>
          Back
        </Button>
        <Button loading={isBusy} onClick={() => onMerge(choices)}>
          Merge
        </Button>
      </DialogFooter>
    </>
  );
}
