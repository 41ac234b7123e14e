import { ActionIcon, Button } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { asProblem } from '@/api';
import { useDesigner } from '../state/DesignerContext';
import type { DifferenceKind } from '../state/historyApi';
import { DESIGNER_IDS } from '../testids';
import classes from './Comparison.module.css';
import { MARKS, WORDS } from './words';
import { showStep, useComparing, useComparison } from './useComparing';

const KINDS: readonly DifferenceKind[] = ['added', 'removed', 'changed'];

/** Over the canvas while comparing: with what, the legend, and a walk through the differences. */
export function ComparisonBar() {
  const designer = useDesigner();
  const { comparing } = designer;
  const { error } = useComparison();
  const { before, label, comparison, steps, at } = useComparing((state) => state);
  if (before === null) return null;
  const go = (by: 1 | -1): void => showStep(designer, comparing.move(by));
  return (
    <div className={classes.bar} role="region" aria-label="Comparison" data-testid={DESIGNER_IDS.comparison}>
      <span className={classes.title}>
        Compared with <b>{label}</b>
      </span>
      {error !== null && <span className={classes.dim}>{asProblem(error).message}</span>}
      {comparison?.is_same === true && (
        <span className={classes.dim}>
          {comparison.is_layout_changed ? 'Only the layout differs.' : 'Nothing differs.'}
        </span>
      )}
      {comparison?.is_same === false && (
        <>
          <span className={classes.legend}>
            {KINDS.map((kind) => (
              <span key={kind} data-kind={kind}>
                <i>{MARKS[kind]}</i> {comparison.nodes.filter((each) => each.kind === kind).length}{' '}
                {WORDS[kind]}
              </span>
            ))}
          </span>
          <span className={classes.walk}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label="Previous difference"
              disabled={steps.length === 0}
              onClick={() => go(-1)}
            >
              <IconChevronLeft size={16} />
            </ActionIcon>
            <span className={classes.count}>
              {at === -1 ? '–' : at + 1} of {steps.length}
            </span>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label="Next difference"
              disabled={steps.length === 0}
              onClick={() => go(1)}
            >
              <IconChevronRight size={16} />
            </ActionIcon>
          </span>
        </>
      )}
      <Button size="compact-xs" variant="default" onClick={() => comparing.leave()}>
        Leave (Esc)
      </Button>
    </div>
  );
}
