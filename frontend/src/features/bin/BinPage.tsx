import { Button } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { http, type Bin } from '@/api';
import { TESTIDS, formatBytes, plural, useProject } from '@/lib';
import { ButtonLink, EmptyState, PageHeader, ProblemNotice, WhyNot } from '@/ui';
import { BinTable, type BinnedRow } from './BinTable';
import classes from './BinPage.module.css';
import { emptyingText, goesFor, isNeeded, whileSomethingGoes } from './emptying';
import { OwnProjects, binnedProjectsQuery } from './OwnProjects';
import { usePurge } from './usePurge';

const KINDS = { network: 'networks', dataset: 'datasets', run: 'runs' } as const;

/** What was deleted: who, when, how large, and until when it can be put back. */
export function BinPage() {
  const project = useProject();
  const projectId = project?.id ?? '';
  const { data, error, refetch } = useQuery({
    queryKey: ['bin', 'project', projectId],
    queryFn: ({ signal }) => http.get<Bin>(`/api/projects/${projectId}/bin`, {}, signal),
    enabled: project !== null,
    refetchInterval: ({ state }) => whileSomethingGoes(state.data?.items),
  });
  const { data: projects } = useQuery(binnedProjectsQuery);
  const { purge, isPurging } = usePurge();
  const askEmpty = (bin: Bin) =>
    modals.openConfirmModal({
      title: `Empty the bin of ${project?.name ?? 'the project'}?`,
      children: emptyingText(bin.items),
      labels: { confirm: 'Empty the bin', cancel: 'Keep everything' },
      confirmProps: { color: 'red' },
      onConfirm: () => purge(`/api/projects/${projectId}/bin`),
    });
  // Without an open project there is still the bin of projects.
  const isRead = projects !== undefined && (project === null || data !== undefined);
  const isEmpty = isRead && projects.total === 0 && (data?.total ?? 0) === 0;
  return (
    <>
      <PageHeader
        title="Bin"
        meta={data && data.total > 0 ? `${plural(data.total, 'thing')}, ${formatBytes(data.size_bytes)}` : project?.name}
        actions={
          <>
            <ButtonLink to="/storage" variant="subtle" color="gray">
              Storage
            </ButtonLink>
            {data && data.total > 0 && data.can_purge && (
              <WhyNot reason={goesFor(data.items).length === 0 ? 'Everything in it stays: something else still needs it.' : null}>
                <Button
                  variant="default"
                  leftSection={<IconTrash size={16} />}
                  loading={isPurging}
                  disabled={goesFor(data.items).length === 0}
                  onClick={() => askEmpty(data)}
                  data-testid={TESTIDS.bin.empty}
                >
                  Empty the bin
                </Button>
              </WhyNot>
            )}
          </>
        }
      />
      {error && !data && <ProblemNotice error={error} onRetry={() => void refetch()} isPlaced />}
      {isEmpty && (
        <EmptyState icon={<IconTrash size={26} stroke={1.5} />} title="The bin is empty">
          Networks, datasets, runs and projects that are deleted wait here for {plural(projects.bin_days, 'day')} and can be
          put back until then.
        </EmptyState>
      )}
      {isRead && !isEmpty && (
        <div className={classes.page}>
          <p className={classes.lead}>
            What is here is deleted for good after {plural(projects.bin_days, 'day')}
            {data?.items.some(isNeeded) === true && ', except for what something else still needs'}.
          </p>
          {data && (
            <BinTable
              title={project?.name ?? 'This project'}
              rows={data.items.map(
                (thing): BinnedRow => ({
                  ...thing,
                  restorePath: data.can_restore ? `/api/${KINDS[thing.kind]}/${thing.id}/restore` : null,
                  purgePath: data.can_purge ? `/api/projects/${projectId}/bin/${thing.kind}/${thing.id}` : null,
                }),
              )}
            />
          )}
          <OwnProjects />
        </div>
      )}
    </>
  );
}
