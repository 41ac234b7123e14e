import { Select } from '@mantine/core';
import { IconEyeSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AskableWeights, DatasetSummary, Run } from '@/api';
import { datasetsQuery } from '@/features/datasets';
import { checkpointTitle, metricText, runQuery, runTitle, runsQuery } from '@/features/training';
import { TESTIDS, roleAllows, useProject } from '@/lib';
import { ButtonLink, EmptyState, PageHeader, ProblemPage } from '@/ui';
import { askableWeightsQuery, askedFile, askedRun } from './api';
import { DatasetSelect } from './DatasetSelect';
import { InspectTabs } from './InspectTabs';

const route = getRouteApi('/frame/inspect');
const FILE = 'file ';

type RunChoice = Pick<Run, 'id' | 'number' | 'name' | 'network_name'>;

/** Choose a trained network, of a run or of a file, then an image or a whole dataset, and look inside. */
export function InspectPage() {
  const search = route.useSearch();
  const project = useProject();
  const asked = { enabled: project !== null };
  const { data: runs, error, refetch } = useQuery({ ...runsQuery(project?.id ?? ''), ...asked });
  const { data: files = [], isPending } = useQuery({ ...askableWeightsQuery(project?.id ?? ''), ...asked });
  const trained = runs?.filter(({ best_metric, epochs_done }) => best_metric !== null || epochs_done > 0) ?? [];
  if (error) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (search.run === undefined && search.weights !== undefined) {
    const file = files.find(({ id }) => id === search.weights);
    if (file) return <InspectFile key={file.id} file={file} runs={trained} files={files} />;
  }
  const runId = search.run ?? trained[0]?.id;
  if (runId !== undefined) return <InspectRun runId={runId} runs={trained} files={files} />;
  const first = files[0];
  if (first) return <InspectFile key={first.id} file={first} runs={trained} files={files} />;
  return (
    <>
      <PageHeader title="Inspect" />
      {runs && !isPending && (
        <EmptyState
          icon={<IconEyeSearch size={26} stroke={1.5} />}
          title="Nothing to inspect yet"
          action={<ButtonLink to="/networks">Open a network</ButtonLink>}
        >
          Train a network, or import one that was trained elsewhere. Then its predictions can be explained here: what it saw, where,
          and where it fails.
        </EmptyState>
      )}
    </>
  );
}

interface Choices {
  runs: readonly RunChoice[];
  files: readonly AskableWeights[];
}

/** Every trained network of the project: its runs, and what was opened from files. */
function NetworkSelect({ runs, files, value }: Choices & { value: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const kept = search.tab === undefined ? {} : { tab: search.tab };
  const choose = (chosen: string) =>
    void navigate({ search: chosen.startsWith(FILE) ? { weights: chosen.slice(FILE.length), ...kept } : { run: chosen, ...kept } });
  const groups = [
    {
      group: 'Runs',
      items: runs.map((each) => ({ value: each.id, label: `#${String(each.number)} ${runTitle(each)} · ${each.network_name}` })),
    },
    { group: 'Opened from files', items: files.map((each) => ({ value: FILE + each.id, label: `${each.network_name} · ${each.source}` })) },
  ];
  return (
    <Select
      w={300}
      aria-label="Run"
      searchable
      data={groups.filter(({ items }) => items.length > 0)}
      value={value}
      onChange={(chosen) => chosen !== null && choose(chosen)}
      data-testid={TESTIDS.inspect.run}
    />
  );
}

function InspectRun({ runId, runs, files }: Choices & { runId: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: run, error, refetch } = useQuery(runQuery(runId));
  const checkpoints = run?.checkpoints ?? [];
  const best = checkpoints.find(({ is_best }) => is_best) ?? checkpoints.at(-1);
  const checkpoint = checkpoints.find(({ id }) => id === search.checkpoint) ?? best;
  return (
    <>
      <PageHeader
        title="Inspect"
        actions={
          <>
            <NetworkSelect runs={runs} files={files} value={runId} />
            <Select
              w={230}
              aria-label="Checkpoint"
              placeholder="No checkpoint yet"
              data={checkpoints.map((each) => ({
                value: each.id,
                label: checkpointTitle(each) + (each.metric === null || !run ? '' : `, ${metricText(run.config.best_metric, each.metric)}`),
              }))}
              value={checkpoint?.id ?? null}
              onChange={(id) => id !== null && void navigate({ search: { ...search, checkpoint: id } })}
              data-testid={TESTIDS.inspect.checkpoint}
            />
          </>
        }
      />
      {error && !run && <ProblemPage error={error} onRetry={() => void refetch()} />}
      {run && checkpoint && <InspectTabs asked={askedRun(run, checkpoint.id)} run={run} checkpointId={checkpoint.id} />}
      {run && !checkpoint && (
        <EmptyState icon={<IconEyeSearch size={26} stroke={1.5} />} title="This run has no checkpoint yet">
          It saves one after the first epoch.
        </EmptyState>
      )}
    </>
  );
}

/** Data with the classes that a network tells apart, else any. */
function fitting(datasets: readonly DatasetSummary[], names: readonly string[]): DatasetSummary | undefined {
  const same = datasets.find(({ classes }) => classes.length === names.length && classes.every(({ name }) => names.includes(name)));
  return same ?? datasets[0];
}

function InspectFile({ file, runs, files }: Choices & { file: AskableWeights }) {
  const project = useProject();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: datasets } = useQuery({ ...datasetsQuery(project?.id ?? ''), enabled: project !== null });
  if (project === null || datasets === undefined) return null;
  const datasetId = search.data ?? fitting(datasets, file.classes)?.id ?? null;
  // The image that was looked at belongs to the other data.
  const choose = (data: string) =>
    void navigate({ search: { weights: file.id, data, ...(search.tab === undefined ? {} : { tab: search.tab }) }, replace: true });
  const asked = askedFile(file, project.id, datasetId, roleAllows(project.role, 'editor'));
  return (
    <>
      <PageHeader
        title="Inspect"
        actions={
          <>
            <NetworkSelect runs={runs} files={files} value={FILE + file.id} />
            <DatasetSelect projectId={project.id} value={datasetId} onChange={choose} />
          </>
        }
      />
      <InspectTabs key={datasetId} asked={asked} />
    </>
  );
}
