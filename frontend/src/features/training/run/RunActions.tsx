import { Button, Menu } from '@mantine/core';
import { modals } from '@mantine/modals';
import {
  IconChevronDown, IconDownload, IconEyeSearch, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconTrash,
} from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { addressOf, http, type CheckpointInfo, type Run } from '@/api';
import { TESTIDS, formatBytes } from '@/lib';
import { ButtonLink, showBinned } from '@/ui';
import { runQuery } from '../api';
import { ExportRun } from './ExportRun';
import { bestFirst, checkpointTitle, metricText, runTitle } from '../words';

const ACTIVE = new Set<Run['state']>(['queued', 'claimed', 'running', 'interrupted']);
const RESUMABLE = new Set<Run['state']>(['paused', 'stopped', 'failed']);

/** Stop, pause, resume, inspect, download: what fits the state. */
export function RunActions({ run }: { run: Run }) {
  const client = useQueryClient();
  const steer = useMutation({
    mutationFn: (wish: 'stop' | 'pause' | 'resume') => http.post<Run>(`/api/runs/${run.id}/${wish}`),
    onSuccess: (answer) => client.setQueryData(runQuery(run.id).queryKey, answer),
  });
  const isActive = ACTIVE.has(run.state);
  const button = { variant: 'default', loading: steer.isPending } as const;
  return (
    <>
      {run.can_edit && isActive && (
        <Button
          {...button}
          leftSection={<IconPlayerPause size={16} />}
          disabled={run.desired_state !== 'run' || run.state === 'queued'}
          onClick={() => steer.mutate('pause')}
          data-testid={TESTIDS.training.pause}
        >
          Pause
        </Button>
      )}
      {run.can_edit && (isActive || run.state === 'paused') && (
        <Button
          {...button}
          leftSection={<IconPlayerStop size={16} />}
          onClick={() => steer.mutate('stop')}
          data-testid={TESTIDS.training.stop}
        >
          {run.desired_state === 'stop' ? 'Stop now' : 'Stop'}
        </Button>
      )}
      {run.can_edit && RESUMABLE.has(run.state) && (
        <Button
          {...button}
          leftSection={<IconPlayerPlay size={16} />}
          onClick={() => steer.mutate('resume')}
          data-testid={TESTIDS.training.resume}
        >
          Resume
        </Button>
      )}
      {run.checkpoints.length > 0 && (
        <>
          <DownloadMenu checkpoints={run.checkpoints} metric={run.config.best_metric} />
          <ExportRun run={run} />
          <ButtonLink
            to="/inspect"
            search={{ run: run.id }}
            leftSection={<IconEyeSearch size={16} />}
            data-testid={TESTIDS.training.inspect}
          >
            Inspect
          </ButtonLink>
        </>
      )}
      {run.can_edit && !isActive && <DeleteButton run={run} />}
    </>
  );
}

function DownloadMenu({ checkpoints, metric }: { checkpoints: readonly CheckpointInfo[]; metric: string }) {
  return (
    <Menu position="bottom-end" width={300}>
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          rightSection={<IconChevronDown size={14} />}
          data-testid={TESTIDS.training.download}
        >
          Bundle
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Network, weights, classes and preprocessing</Menu.Label>
        {bestFirst(checkpoints).map((checkpoint) => (
          <Menu.Item
            key={checkpoint.id}
            component="a"
            href={addressOf(`/api/checkpoints/${checkpoint.id}/bundle`)}
            download
            rightSection={<span className="mono">{formatBytes(checkpoint.size_bytes)}</span>}
          >
            {checkpointTitle(checkpoint)}
            {checkpoint.metric !== null && `, ${metricText(metric, checkpoint.metric)}`}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function DeleteButton({ run }: { run: Run }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => http.delete(`/api/runs/${run.id}`),
    onSuccess: async () => {
      await navigate({ to: '/runs' });
      showBinned({ id: run.id, name: runTitle(run) }, async () => {
        await http.post(`/api/runs/${run.id}/restore`);
        await client.invalidateQueries({ queryKey: ['runs'] });
      });
      await client.invalidateQueries({ queryKey: ['runs', 'list'] });
    },
  });
  const confirm = () =>
    modals.openConfirmModal({
      title: 'Put this run into the bin?',
      children: 'Its curves and checkpoints are kept there for a while and can be put back.',
      labels: { confirm: 'Put into the bin', cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(),
    });
  return (
    <Button variant="subtle" color="gray" px={8} aria-label="Delete the run" onClick={confirm}>
      <IconTrash size={16} />
    </Button>
  );
}
