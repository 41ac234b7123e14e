import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconCircleXFilled,
  IconInfoCircleFilled,
} from '@tabler/icons-react';
import type { Diagnostic } from '@/api';
import classes from './LayerCard.module.css';

/** The worst problem of a layer at its corner; hovering tells them. */
export function ProblemBadge({ problems }: { problems: readonly Diagnostic[] }) {
  const worst =
    problems.find((problem) => problem.severity === 'error') ??
    problems.find((problem) => problem.severity === 'warning') ??
    problems[0];
  if (worst === undefined) return null;
  const Sign = {
    error: IconCircleXFilled,
    warning: IconAlertTriangleFilled,
    info: IconInfoCircleFilled,
  }[worst.severity];
  return (
    <Tooltip
      label={problems.map((problem) => (
        <div key={problem.code + problem.message}>{problem.message}</div>
      ))}
      multiline
      maw={320}
      openDelay={150}
    >
      <div
        className={classes.badge}
        data-severity={worst.severity}
        role="img"
        aria-label={worst.message}
      >
        <Sign size={18} />
      </div>
    </Tooltip>
  );
}
