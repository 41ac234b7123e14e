import { Select, Tabs } from '@mantine/core';
import { IconEyeSearch, IconPhotoSearch, IconReportAnalytics } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { Run } from '@/api';
import { itemQuery } from '@/features/datasets';
import { checkpointTitle, metricText, runQuery, runTitle, runsQuery } from '@/features/training';
import { TESTIDS, useProject } from '@/lib';
import { ButtonLink, EmptyState, PageHeader, ProblemPage } from '@/ui';
import type { ImageChoice } from './api';
import { EvaluationTab } from './evaluation/EvaluationTab';
import { ImageTab } from './image/ImageTab';
import classes from './InspectPage.module.css';

const route = getRouteApi('/frame/inspect');

/** Choose a trained run, then an image or a whole split, and look inside. */
export function InspectPage() {
  const search = route.useSearch();
  const project = useProject();
  const { data: runs, error, refetch } = useQuery({ ...runsQuery(project?.id ?? ''), enabled: project !== null });
  const trained = runs?.filter(({ best_metric, epochs_done }) => best_metric !== null || epochs_done > 0) ?? [];
  const runId = search.run ?? trained[0]?.id;
  if (error) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  if (runId === undefined) {
    return (
      <>
        <PageHeader title="Inspect" />
        {runs && (
          <EmptyState
            icon={<IconEyeSearch size={26} stroke={1.5} />}
            title="Nothing to inspect yet"
            action={<ButtonLink to="/networks">Open a network</ButtonLink>}
          >
            Train a network first. Then its predictions can be explained here: what it saw, where, and where it fails.
          </EmptyState>
        )}
      </>
    );
  }
  return <InspectRun runId={runId} runs={trained} />;
}

function InspectRun({ runId, runs }: { runId: string; runs: readonly Pick<Run, 'id' | 'number' | 'name' | 'network_name'>[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: run, error, refetch } = useQuery(runQuery(runId));
  const [uploaded, setUploaded] = useState<ImageChoice | null>(null);
  const { data: item } = useQuery({ ...itemQuery(search.item ?? ''), enabled: search.item !== undefined });
  const checkpoints = run?.checkpoints ?? [];
  const best = checkpoints.find(({ is_best }) => is_best) ?? checkpoints.at(-1);
  const checkpoint = checkpoints.find(({ id }) => id === search.checkpoint) ?? best;
  const tab = search.tab ?? 'image';
  const image: ImageChoice | null =
    uploaded ?? (item ? { type: 'item', itemId: item.id, name: item.file_name, url: item.image_url } : null);
  const choose = (choice: ImageChoice) => {
    setUploaded(choice.type === 'upload' ? choice : null);
    if (choice.type === 'item') void navigate({ search: { ...search, item: choice.itemId }, replace: true });
  };
  const openItem = (itemId: string) => {
    setUploaded(null);
    void navigate({ search: { ...search, tab: 'image', item: itemId } });
  };
  return (
    <>
      <PageHeader
        title="Inspect"
        actions={
          <>
            <Select
              w={300}
              aria-label="Run"
              searchable
              data={runs.map((each) => ({ value: each.id, label: `#${String(each.number)} ${runTitle(each)} · ${each.network_name}` }))}
              value={runId}
              onChange={(id) => id !== null && void navigate({ search: { run: id, ...(search.tab === undefined ? {} : { tab: search.tab }) } })}
              data-testid={TESTIDS.inspect.run}
            />
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
      {run && checkpoint && (
        <Tabs
          value={tab}
          onChange={(value) => void navigate({ search: { ...search, tab: value ?? 'image' } })}
          keepMounted={false}
        >
          <Tabs.List className={classes.tabs}>
            <Tabs.Tab value="image" leftSection={<IconPhotoSearch size={15} />}>
              One image
            </Tabs.Tab>
            <Tabs.Tab value="evaluation" leftSection={<IconReportAnalytics size={15} />}>
              Evaluation
            </Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="image">
            <ImageTab
              run={run}
              checkpointId={checkpoint.id}
              image={image}
              hasChoice={uploaded !== null || search.item !== undefined}
              onImage={choose}
            />
          </Tabs.Panel>
          <Tabs.Panel value="evaluation">
            <EvaluationTab
              key={checkpoint.id}
              run={run}
              checkpointId={checkpoint.id}
              evaluationId={search.evaluation}
              onEvaluation={(evaluation) => void navigate({ search: { ...search, evaluation }, replace: true })}
              onItem={openItem}
            />
          </Tabs.Panel>
        </Tabs>
      )}
      {run && !checkpoint && (
        <EmptyState icon={<IconEyeSearch size={26} stroke={1.5} />} title="This run has no checkpoint yet">
          It saves one after the first epoch.
        </EmptyState>
      )}
    </>
  );
}
