import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useProject } from '@/lib';
import { checkpointsQuery, runsQuery, weightSetsQuery } from '../api';
import { checkpointTitle, runTitle } from '../words';
import type { StartFrom } from './useRunPlan';

const RANDOM = 'random';

interface StartFromSelectProps {
  label: string;
  /** What it means to choose no weights. */
  none: string;
  testId: string;
  networkId: string;
  value: StartFrom;
  onChange: (value: StartFrom) => void;
}

/** Where weights come from: nowhere, a network, or a checkpoint of a run. */
export function StartFromSelect(props: StartFromSelectProps) {
  const { label, none, testId, networkId, value, onChange } = props;
  const project = useProject();
  const { data: runs = [] } = useQuery({ ...runsQuery(project?.id ?? ''), enabled: project !== null });
  const [runId, setRunId] = useState<string | null>(null);
  const { data: checkpoints = [] } = useQuery({ ...checkpointsQuery(runId ?? ''), enabled: runId !== null });
  const trained = runs.filter(({ best_metric }) => best_metric !== null);
  const networks = new Map(
    trained.map(({ network_id: id, network_name: name }) => [id, id === networkId ? `${name} (this network)` : name]),
  );
  const { data: weightSets = [] } = useQuery(weightSetsQuery(networkId));
  const brought = weightSets.filter(({ num_tensors }) => num_tensors > 0);
  const data = [
    { value: RANDOM, label: none },
    ...(brought.length === 0
      ? []
      : [
          {
            group: 'Imported with this network',
            items: brought.map(({ id, source }) => ({ value: `weights ${id}`, label: source })),
          },
        ]),
    ...(networks.size === 0
      ? []
      : [{ group: 'Best weights of a network', items: [...networks].map(([id, name]) => ({ value: `network ${id}`, label: name })) }]),
    ...(trained.length === 0
      ? []
      : [
          {
            group: 'A checkpoint of a run',
            items: trained.map((run) => ({ value: `run ${run.id}`, label: `#${String(run.number)} ${runTitle(run)}` })),
          },
        ]),
  ];
  const chosen = runId !== null ? `run ${runId}` : optionOf(value);
  const choose = (option: string | null) => {
    const [kind, id = ''] = (option ?? RANDOM).split(' ');
    setRunId(kind === 'run' ? id : null);
    onChange(startOf(kind, id));
  };
  return (
    <>
      <Select
        label={label}
        data={data}
        value={chosen}
        onChange={choose}
        data-testid={testId}
      />
      {runId !== null && (
        <Select
          label="Checkpoint"
          data-testid={`${testId}-checkpoint`}
          placeholder="Choose"
          data={checkpoints.map((each) => ({ value: each.id, label: checkpointTitle(each) }))}
          value={value?.type === 'checkpoint' ? value.checkpoint_id : null}
          onChange={(id) => onChange(id === null ? null : { type: 'checkpoint', checkpoint_id: id })}
        />
      )}
    </>
  );
}

function optionOf(value: StartFrom): string {
  if (value?.type === 'network') return `network ${value.network_id}`;
  return value?.type === 'weights' ? `weights ${value.weight_set_id}` : RANDOM;
}

/** A checkpoint is chosen in a second step. */
function startOf(kind: string | undefined, id: string): StartFrom {
  if (kind === 'network') return { type: 'network', network_id: id };
  return kind === 'weights' ? { type: 'weights', weight_set_id: id } : null;
}
