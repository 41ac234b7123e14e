import { Button, Progress, SegmentedControl, Select } from '@mantine/core';
import { IconReportAnalytics } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Problem, http, type EvaluationSummary, type Job, type Run } from '@/api';
import { TESTIDS, cancelJob, formatCount, formatDateTime, formatNumber, formatPercent, isOver, useJob } from '@/lib';
import { EmptyState, ProblemNotice, WhyNot } from '@/ui';
import { evaluationQuery, evaluationsQuery, type Cell } from '../api';
import { ClassTable } from './ClassTable';
import { ConfusionMatrix } from './ConfusionMatrix';
import classes from './EvaluationTab.module.css';
import { EvaluatedItems } from './EvaluatedItems';

const SPLITS = ['validation', 'test', 'train'] as const;
type EvaluatedSplit = (typeof SPLITS)[number];
const SPLIT_NAMES: Record<EvaluatedSplit, string> = { validation: 'Validation', test: 'Test', train: 'Train' };

interface EvaluationTabProps {
  run: Run;
  checkpointId: string;
  evaluationId: string | undefined;
  onEvaluation: (evaluationId: string) => void;
  onItem: (itemId: string) => void;
}

/** A checkpoint over a split: how good, for which classes, confused with what, and where it fails worst. */
export function EvaluationTab({ run, checkpointId, evaluationId, onEvaluation, onItem }: EvaluationTabProps) {
  const { data: past } = useQuery(evaluationsQuery(checkpointId));
  const chosen = evaluationId ?? past?.items[0]?.id;
  return (
    <div className={classes.page}>
      <Controls
        run={run}
        checkpointId={checkpointId}
        past={past?.items ?? []}
        chosen={chosen}
        onEvaluation={onEvaluation}
      />
      {chosen === undefined ? (
        past && (
          <EmptyState icon={<IconReportAnalytics size={26} stroke={1.5} />} title="Not evaluated yet">
            {run.can_edit
              ? 'Evaluate this checkpoint on the validation images first. Evaluating on the test images is recorded with who and when, because looking too often wears a test set out.'
              : 'An editor or owner of the project evaluates checkpoints; what they find shows here.'}
          </EmptyState>
        )
      ) : (
        <Results key={chosen} run={run} evaluationId={chosen} onItem={onItem} />
      )}
    </div>
  );
}

interface ControlsProps {
  run: Run;
  checkpointId: string;
  past: readonly EvaluationSummary[];
  chosen: string | undefined;
  onEvaluation: (evaluationId: string) => void;
}

function Controls({ run, checkpointId, past, chosen, onEvaluation }: ControlsProps) {
  const [split, setSplit] = useState<EvaluatedSplit>('validation');
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: () => http.post<Job>('/api/evaluations', { checkpoint_id: checkpointId, split }),
    meta: { showsOwnError: true },
  });
  const jobId = start.data?.id ?? null;
  const { data: job } = useJob(jobId);
  const made = job?.result?.['evaluation_id'];
  useEffect(() => {
    if (typeof made !== 'string') return;
    void client.invalidateQueries({ queryKey: evaluationsQuery(checkpointId).queryKey });
    onEvaluation(made);
    // A finished job opens its evaluation once; later choices are the person's.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [made]);
  const isWorking = start.isPending || (jobId !== null && (job === undefined || !isOver(job)));
  const error = start.error ?? (job?.problem && job.state === 'failed' ? new Problem(422, job.problem) : null);
  return (
    <div className={classes.controls}>
      <SegmentedControl
        size="sm"
        aria-label="Images to evaluate on"
        value={split}
        onChange={setSplit}
        data={SPLITS.map((value) => ({ value, label: SPLIT_NAMES[value] }))}
        data-testid={TESTIDS.inspect.evaluateSplit}
      />
      <WhyNot reason={run.can_edit ? null : 'Evaluating is recorded with the run: editors and owners of the project may do it.'}>
        <Button
          loading={start.isPending}
          disabled={isWorking || !run.can_edit}
          onClick={() => start.mutate()}
          data-testid={TESTIDS.inspect.evaluate}
        >
          Evaluate
        </Button>
      </WhyNot>
      {isWorking && jobId !== null && (
        <div className={classes.working}>
          <Progress value={(job?.progress ?? 0) * 100} size={5} aria-label="Evaluation: progress" />
          <Button size="xs" variant="default" onClick={() => void cancelJob(jobId)}>
            Cancel
          </Button>
        </div>
      )}
      <span className={classes.spacer} />
      {past.length > 0 && (
        <Select
          w={330}
          aria-label="Earlier evaluations"
          data={past.map((each) => ({
            value: each.id,
            label: `${SPLIT_NAMES[each.split]}, ${formatPercent(each.accuracy, 2)}, ${formatDateTime(each.created_at)}`,
          }))}
          value={chosen ?? null}
          onChange={(id) => id !== null && onEvaluation(id)}
        />
      )}
      {error && <ProblemNotice error={error} />}
    </div>
  );
}

function Results({ run, evaluationId, onItem }: { run: Run; evaluationId: string; onItem: (itemId: string) => void }) {
  const { data, error } = useQuery(evaluationQuery(evaluationId));
  const [cell, setCell] = useState<Cell | null>(null);
  if (error) return <ProblemNotice error={error} />;
  if (!data) return null;
  return (
    <>
      <dl className={classes.figures}>
        <div>
          <dt>Accuracy</dt>
          <dd data-number data-testid={TESTIDS.inspect.accuracy} data-value={data.accuracy}>
            {formatPercent(data.accuracy, 2)}
          </dd>
        </div>
        <div>
          <dt>Balanced accuracy</dt>
          <dd data-number>{formatPercent(data.balanced_accuracy, 2)}</dd>
        </div>
        <div>
          <dt>Loss</dt>
          <dd data-number>{formatNumber(data.loss)}</dd>
        </div>
        <div>
          <dt>Images</dt>
          <dd data-number>{formatCount(data.num_items)}</dd>
        </div>
        <div>
          <dt>Split</dt>
          <dd>{SPLIT_NAMES[data.split]}</dd>
        </div>
        <div>
          <dt>By</dt>
          <dd>
            {data.author}, {formatDateTime(data.created_at)}
          </dd>
        </div>
      </dl>
      <div className={classes.columns}>
        <ConfusionMatrix evaluation={data} chosen={cell} onChoose={setCell} />
        <ClassTable evaluation={data} />
      </div>
      <EvaluatedItems evaluation={data} run={run} cell={cell} onClear={() => setCell(null)} onItem={onItem} />
    </>
  );
}
