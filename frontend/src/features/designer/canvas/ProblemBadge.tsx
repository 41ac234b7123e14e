import { Popover, Tooltip } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconCircleXFilled,
  IconInfoCircleFilled,
} from '@tabler/icons-react';
import { useState } from 'react';
import type { Diagnostic } from '@/api';
import { ProblemLine } from '../analysis/ProblemLine';
import { worstOf } from '../state/problems';
import { DESIGNER_IDS } from '../testids';
import classes from './LayerCard.module.css';

const SIGNS = {
  error: IconCircleXFilled,
  warning: IconAlertTriangleFilled,
  info: IconInfoCircleFilled,
};

const SHOWN = 5;

interface ProblemBadgeProps {
  problems: readonly Diagnostic[];
  /** Of the layers within, when the layer is a block. */
  inside: readonly Diagnostic[];
}

/** The worst problem at a layer's corner; hovering tells all, a click offers their fixes. */
export function ProblemBadge({ problems, inside }: ProblemBadgeProps) {
  const [isOpen, setOpen] = useState(false);
  const all = [...problems, ...inside];
  const worst = worstOf(all);
  if (worst === undefined) return null;
  const Sign = SIGNS[worst.severity];
  return (
    <Popover opened={isOpen} onChange={setOpen} width={320} position="bottom-start" withinPortal>
      <Popover.Target>
        <Tooltip
          label={all.slice(0, SHOWN).map((problem, index) => (
            <div key={index}>{problem.message}</div>
          ))}
          multiline
          maw={320}
          openDelay={150}
          disabled={isOpen}
        >
          <button
            type="button"
            className={`${classes.badge ?? ''} nodrag nopan`}
            data-severity={worst.severity}
            data-testid={DESIGNER_IDS.problemBadge}
            aria-label={`${worst.severity}: ${worst.message}`}
            aria-expanded={isOpen}
            tabIndex={-1}
            onClick={() => setOpen(!isOpen)}
          >
            <Sign size={18} />
          </button>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown className={classes.problems}>
        {problems.slice(0, SHOWN).map((problem, index) => (
          <ProblemLine key={index} problem={problem} />
        ))}
        {inside.slice(0, SHOWN).map((problem, index) => (
          <ProblemLine key={index} problem={problem} isLinked />
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}
