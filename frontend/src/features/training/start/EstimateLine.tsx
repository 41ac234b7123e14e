import { Button, Loader } from '@mantine/core';
import { IconGauge } from '@tabler/icons-react';
import type { RunConfig } from '@/api';
import { TESTIDS, formatBytes, formatDuration } from '@/lib';
import classes from './StartRunDialog.module.css';
import type { useEstimate } from './useRunPlan';

interface EstimateLineProps {
  estimate: ReturnType<typeof useEstimate>;
  config: RunConfig;
  isPossible: boolean;
}

/** How long and how much memory, measured by a few real steps when asked. */
export function EstimateLine({ estimate, config, isPossible }: EstimateLineProps) {
  const { result, isMeasuring, measured, problem, error } = estimate;
  const isCurrent = measured === config;
  return (
    <div className={classes.estimate} data-testid={TESTIDS.training.estimate} aria-live="polite">
      {isMeasuring ? (
        <>
          <Loader size={14} /> Measuring a few steps
        </>
      ) : result && isCurrent ? (
        <span>
          About <b>{formatDuration(result.seconds)}</b> and <b>{formatBytes(result.memory_bytes)}</b> of memory
          {result.device === undefined ? '' : ` on ${result.device}`}.
        </span>
      ) : (
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconGauge size={16} />}
          disabled={!isPossible}
          onClick={() => estimate.measure(config)}
        >
          {result ? 'Estimate again' : 'Estimate time and memory'}
        </Button>
      )}
      {!isMeasuring && isCurrent && (problem?.['detail'] !== undefined || error !== null) && (
        <span className={classes.failed}>{error?.message ?? String(problem?.['detail'])}</span>
      )}
    </div>
  );
}
