import { Button, MultiSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowsDiff, IconChartLine, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { RunSummary } from '@/api';
import { TESTIDS, plural, useProject } from '@/lib';
import { ButtonLink, EmptyState, PageHeader, ProblemNotice } from '@/ui';
import { runsQuery } from '../api';
import { RunTable } from './RunTable';
import classes from './RunsPage.module.css';
import { sortRuns, type Sorting } from './sorting';

const STATES = ['queued', 'running', 'paused', 'succeeded', 'stopped', 'failed'];
const MAX_COMPARED = 2;

export function RunsPage() {
  const project = useProject();
  const projectId = project?.id ?? '';
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(search.trim(), 250);
  const [states, setStates] = useState<string[]>([]);
  const [sorting, setSorting] = useState<Sorting>({ key: 'number', isDescending: true });
  const [compared, setCompared] = useState<readonly string[]>([]);
  const navigate = useNavigate();
  const { data: runs, error, refetch } = useQuery({
    ...runsQuery(projectId, asked),
    enabled: project !== null,
    placeholderData: (previous) => previous,
  });
  const shown = useMemo(() => {
    const inState = (runs ?? []).filter(({ state }) => states.length === 0 || states.includes(coarse(state)));
    return sortRuns(inState, sorting);
  }, [runs, states, sorting]);
  const toggle = (runId: string) =>
    setCompared((ids) => (ids.includes(runId) ? ids.filter((id) => id !== runId) : [...ids, runId].slice(-MAX_COMPARED)));
  const [a, b] = compared;
  const isEmpty = runs?.length === 0 && asked === '';
  return (
    <>
      <PageHeader
        title="Runs"
        meta={runs ? countLine(shown.length, runs.length) : undefined}
        actions={
          !isEmpty && (
            <Button
              variant="default"
              leftSection={<IconArrowsDiff size={16} />}
              disabled={a === undefined || b === undefined}
              onClick={() => void navigate({ to: '/runs/compare', search: compared.length === 2 ? { a: a ?? '', b: b ?? '' } : {} })}
              data-testid={TESTIDS.training.compare}
            >
              Compare {compared.length > 0 ? `(${String(compared.length)} of 2)` : 'two'}
            </Button>
          )
        }
      />
      {error && !runs ? (
        <ProblemNotice error={error} onRetry={() => void refetch()} isPlaced />
      ) : isEmpty ? (
        <EmptyState
          icon={<IconChartLine size={26} stroke={1.5} />}
          title="No training yet"
          action={<ButtonLink to="/networks">Open a network</ButtonLink>}
        >
          Open a network, bind it to data and press Train. Its curves appear here while it learns.
        </EmptyState>
      ) : (
        <div className={classes.page}>
          <div className={classes.filters}>
            <TextInput
              className={classes.search}
              placeholder="Name, note or tag"
              aria-label="Search runs"
              leftSection={<IconSearch size={15} />}
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
            />
            <MultiSelect
              className={classes.states}
              styles={{ input: { minHeight: 32, paddingBlock: 3 } }}
              aria-label="States"
              placeholder={states.length === 0 ? 'Every state' : ''}
              data={STATES.map((value) => ({ value, label: STATE_LABELS[value] ?? value }))}
              value={states}
              onChange={setStates}
              clearable
            />
          </div>
          <RunTable runs={shown} sorting={sorting} onSort={setSorting} compared={compared} onCompare={toggle} />
        </div>
      )}
    </>
  );
}

const STATE_LABELS: Record<string, string> = {
  queued: 'Queued',
  running: 'Running',
  paused: 'Paused',
  succeeded: 'Done',
  stopped: 'Stopped',
  failed: 'Failed',
};

/** Someone who looks for running runs means those about to run as well. */
function coarse(state: RunSummary['state']): string {
  if (state === 'claimed') return 'running';
  return state === 'interrupted' ? 'queued' : state;
}

function countLine(shown: number, total: number): string {
  return shown === total ? plural(total, 'run') : `${String(shown)} of ${plural(total, 'run')}`;
}
