import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { TESTIDS, useProject } from '@/lib';
import { checkpointsQuery, runsQuery } from '../api';
import { checkpointTitle, runTitle } from '../words';
import type { StartFrom } from './useRunPlan';

const RANDOM = 'random';

interface StartFromSelectProps {
  networkId: string;
  value: StartFrom;
  onChange: (value: StartFrom) => void;
}

/** Where the first weights come from: nowhere, another network, or a checkpoint of a run. */
export function StartFromSelect({ networkId, value, onChange }: StartFromSelectProps) {
  const project = useProject();
  const { data: runs = [] } = useQuery({ ...runsQuery(project?.id ?? ''), enabled: project !== null });
  const [runId, setRunId] = useState<string | null>(null);
  const { data: checkpoints = [] } = useQuery({ ...checkpointsQuery(runId ?? ''), enabled: runId !== null });
  const trained = runs.filter(({ best_metric }) => best_metric !== null);
  const networks = new Map(
    trained.filter((run) => run.network_id !== networkId).map((run) => [run.network_id, run.network_name]),
  );
  const data = [
    { value: RANDOM, label: 'random weights' },
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
  const chosen = runId !== null ? `run ${runId}` : value?.type === 'network' ? `network ${value.network_id}` : RANDOM;
  const choose = (option: string | null) => {
    const [kind, id = ''] = (option ?? RANDOM).split(' ');
    setRunId(kind === 'run' ? id : null);
    onChange(kind === 'network' ? { type: 'network', network_id: id } : null);
  };
  return (
    <>
      <Select label="Start from" data={data} value={chosen} onChange={choose} data-testid={TESTIDS.training.startFrom} />
      {runId !== null && (
        <Select
          label="Checkpoint"
          placeholder="Choose"
          data={checkpoints.map((each) => ({ value: each.id, label: checkpointTitle(each) }))}
          value={value?.type === 'checkpoint' ? value.checkpoint_id : null}
          onChange={(id) => onChange(id === null ? null : { type: 'checkpoint', checkpoint_id: id })}
        />
      )}
    </>
  );
}
