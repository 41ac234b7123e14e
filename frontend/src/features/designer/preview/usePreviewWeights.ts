import { useQuery } from '@tanstack/react-query';
import type { RunSummary } from '@/api';
import { checkpointsQuery, checkpointTitle, runsQuery, runTitle, weightSetsQuery } from '@/features/training';
import { useDesigner, usePreview } from '../state/DesignerContext';
import type { PreviewWeights } from '../state/livePreview';

const MOST_RUNS = 40;
const ENDED: readonly RunSummary['state'][] = ['succeeded', 'failed', 'stopped'];

interface Option {
  readonly value: string;
  readonly label: string;
}

export function weightsKey(weights: PreviewWeights): string {
  switch (weights.kind) {
    case 'random':
      return `random:${weights.seed}`;
    case 'run':
      return `run:${weights.run_id}:${weights.pick}`;
    case 'checkpoint':
      return `checkpoint:${weights.checkpoint_id}`;
    case 'file':
      return `file:${weights.weight_set_id}`;
    case 'pretrained':
      return 'pretrained';
  }
}

/** Whose weights there are: drawn at random, and those of the project's runs. */
export function usePreviewWeights() {
  const { networkId, projectId } = useDesigner();
  const weights = usePreview((state) => state.weights);
  const runId = usePreview((state) => state.checkpoint?.run_id ?? null);
  const { data: runs = [] } = useQuery(runsQuery(projectId));
  const { data: checkpoints = [] } = useQuery({
    ...checkpointsQuery(runId ?? ''),
    enabled: runId !== null,
  });
  const known = new Map<string, PreviewWeights>();
  const offer = (chosen: PreviewWeights, label: string): Option => {
    const value = weightsKey(chosen);
    known.set(value, chosen);
    return { value, label };
  };
  const seed = weights.kind === 'random' ? weights.seed : 0;
  const groups: { group: string; items: Option[] }[] = [
    {
      group: 'Random',
      items: [...new Set([0, seed, seed + 1])].map((each) =>
        offer({ kind: 'random', seed: each }, each === 0 ? 'Random' : `Random, seed ${each}`),
      ),
    },
  ];
  const { data: weightSets = [] } = useQuery(weightSetsQuery(networkId));
  const brought = weightSets.filter(({ num_tensors }) => num_tensors > 0);
  if (brought.length > 0) {
    groups.push({
      group: 'Imported with this network',
      items: brought.map(({ id, source }) => offer({ kind: 'file', weight_set_id: id }, source)),
    });
  }
  // Those of this network first: their weights fit best.
  const usable = [
    ...runs.filter((run) => run.network_id === networkId),
    ...runs.filter((run) => run.network_id !== networkId),
  ].slice(0, MOST_RUNS);
  for (const run of usable) {
    const of = run.network_id === networkId ? '' : ` (${run.network_name})`;
    const title = runTitle(run);
    const newest = ENDED.includes(run.state) ? 'last' : 'newest, followed';
    const others = run.id === runId ? checkpoints.filter((each) => !each.is_best && !each.is_last) : [];
    groups.push({
      group: `${title}${of}`,
      items: [
        offer({ kind: 'run', run_id: run.id, pick: 'best' }, `${title}: best`),
        offer({ kind: 'run', run_id: run.id, pick: 'last' }, `${title}: ${newest}`),
        ...others.map((each) =>
          offer(
            { kind: 'checkpoint', checkpoint_id: each.id },
            `${title}: ${checkpointTitle(each).toLowerCase()}`,
          ),
        ),
      ],
    });
  }
  return { groups, weightsOf: (key: string) => known.get(key) };
}
