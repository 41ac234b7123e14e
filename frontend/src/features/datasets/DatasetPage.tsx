import { Button, Tabs } from '@mantine/core';
import { IconChartBar, IconHistory, IconPhoto, IconPhotoPlus, IconTransform, IconUpload, IconFileReport } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Suspense, useEffect, useMemo, useState } from 'react';
import type { Dataset } from '@/api';
import { TransferDialog } from '@/features/designer';
import { TESTIDS, chooseProject, formatCount, plural, useCommands, useTopic } from '@/lib';
import { ButtonLink, EmptyState, PageHeader, ProblemPage } from '@/ui';
import { datasetQuery, itemsKey, type ItemFilter } from './api';
import classes from './DatasetPage.module.css';
import { DatasetMenu } from './DatasetMenu';
import { GalleryTab } from './gallery/GalleryTab';
import { ImportDialog } from './imports/ImportDialog';
import { ImportStrip } from './imports/ImportStrip';
import { ImportsTab } from './imports/ImportsTab';
import { useActiveImport } from './imports/useActiveImport';
import { useImageDrop } from './imports/useImageDrop';
import type { PathFile } from './imports/zipWriter';
import { StatisticsTab } from './StatisticsTab';
import { VersionsTab } from './VersionsTab';

const route = getRouteApi('/frame/data/$datasetId');

export function DatasetPage() {
  const { datasetId } = route.useParams();
  const { data: dataset, error, refetch } = useQuery(datasetQuery(datasetId));
  useDatasetTopic(datasetId);
  useEffect(() => {
    if (dataset) chooseProject(dataset.project_id);
  }, [dataset]);
  if (error && !dataset) {
    return <ProblemPage error={error} onRetry={() => void refetch()} back={<ButtonLink to="/data">All datasets</ButtonLink>} />;
  }
  if (!dataset) return null;
  return <LoadedDataset key={dataset.id} dataset={dataset} />;
}

/** Reads again what others changed; label changes of one's own are on screen already. */
function useDatasetTopic(datasetId: string): void {
  const client = useQueryClient();
  const refreshCounts = () => void client.invalidateQueries({ queryKey: ['datasets'] });
  const refreshItems = () => void client.invalidateQueries({ queryKey: itemsKey(datasetId) });
  useTopic(`dataset:${datasetId}`, {
    onMessage: (message) => {
      refreshCounts();
      if (message.type === 'items_changed') refreshItems();
    },
    onGap: refreshCounts,
  });
}

function LoadedDataset({ dataset }: { dataset: Dataset }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [bringing, setBringing] = useState<readonly PathFile[] | null>(null);
  const isImporting = bringing !== null;
  const [isTransferring, setTransferring] = useState(false);
  const activeImport = useActiveImport(dataset.id);
  const dropHandlers = useImageDrop(dataset.can_edit && !isImporting, setBringing);
  const tab = search.tab ?? 'gallery';
  const { label, split, state, search: text } = search;
  const filter: ItemFilter = useMemo(() => ({ label, split, state, search: text }), [label, split, state, text]);
  const setFilter = (next: ItemFilter) =>
    void navigate({ search: { tab: search.tab, ...next }, replace: true });
  useCommands(
    'dataset',
    useMemo(
      () =>
        dataset.can_edit
          ? [
              { id: 'import', label: 'Bring images in', group: 'Data', perform: () => setBringing([]) },
              {
                id: 'transfer',
                label: 'Transfer learning on this data',
                group: 'Data',
                perform: () => setTransferring(true),
              },
            ]
          : [],
      [dataset.can_edit],
    ),
  );
  const importButton = dataset.can_edit && (
    <Button leftSection={<IconUpload size={16} />} onClick={() => setBringing([])} data-testid={TESTIDS.data.import}>
      Bring images in
    </Button>
  );
  return (
    <div className={classes.page} {...dropHandlers}>
      <PageHeader
        above={<Link to="/data">Data</Link>}
        title={dataset.name}
        meta={summaryLine(dataset)}
        actions={
          dataset.can_edit && (
            <>
              {dataset.num_items > 0 && (
                <Button
                  variant="default"
                  leftSection={<IconTransform size={16} />}
                  onClick={() => setTransferring(true)}
                  data-testid={TESTIDS.data.transfer}
                >
                  Transfer learning
                </Button>
              )}
              {importButton}
              <DatasetMenu dataset={dataset} onDeleted={() => void navigate({ to: '/data' })} />
            </>
          )
        }
      />
      {activeImport && !isImporting && <ImportStrip job={activeImport} canCancel={dataset.can_edit} />}
      <Tabs
        value={tab}
        onChange={(value) => void navigate({ search: value === null || value === 'gallery' ? {} : { tab: value } })}
        className={classes.tabs}
        keepMounted={false}
      >
        <Tabs.List className={classes.tabList}>
          <Tabs.Tab value="gallery" leftSection={<IconPhoto size={15} />}>
            Gallery
          </Tabs.Tab>
          <Tabs.Tab value="statistics" leftSection={<IconChartBar size={15} />}>
            Statistics
          </Tabs.Tab>
          <Tabs.Tab value="versions" leftSection={<IconHistory size={15} />}>
            Versions
          </Tabs.Tab>
          <Tabs.Tab value="imports" leftSection={<IconFileReport size={15} />}>
            Imports
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="gallery" className={classes.fill}>
          {dataset.num_items === 0 && activeImport ? (
            <EmptyState icon={<IconPhotoPlus size={26} stroke={1.5} />} title="The images are on their way">
              They appear here as soon as they are read. You may leave this page meanwhile.
            </EmptyState>
          ) : dataset.num_items === 0 ? (
            <EmptyState
              icon={<IconPhotoPlus size={26} stroke={1.5} />}
              title={dataset.can_edit ? 'Bring the first images in' : 'No images yet'}
              action={importButton}
            >
              {dataset.can_edit
                ? 'Or drop them anywhere on this page. A zip of class folders labels itself; single files are labeled here with one key per class.'
                : 'An editor or owner of the project brings them in.'}
            </EmptyState>
          ) : (
            <GalleryTab
              dataset={dataset}
              filter={filter}
              openItem={search.item}
              onFilter={setFilter}
              onOpenItem={(item) => void navigate({ search: { ...search, item }, replace: search.item !== undefined })}
            />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="statistics" className={classes.scroll}>
          <StatisticsTab dataset={dataset} />
        </Tabs.Panel>
        <Tabs.Panel value="versions" className={classes.scroll}>
          <VersionsTab dataset={dataset} />
        </Tabs.Panel>
        <Tabs.Panel value="imports" className={classes.scroll}>
          <ImportsTab dataset={dataset} />
        </Tabs.Panel>
      </Tabs>
      {isImporting && <ImportDialog dataset={dataset} dropped={bringing} onClose={() => setBringing(null)} />}
      {isTransferring && (
        <Suspense fallback={null}>
          <TransferDialog
            projectId={dataset.project_id}
            datasetId={dataset.id}
            onClose={() => setTransferring(false)}
          />
        </Suspense>
      )}
    </div>
  );
}

function summaryLine({ num_items, num_labeled, splits }: Dataset): string {
  const { train, validation, test } = splits;
  const shares = `train ${formatCount(train)} · validation ${formatCount(validation)} · test ${formatCount(test)}`;
  const unlabeled = num_items - num_labeled;
  return `${plural(num_items, 'image')} · ${shares}${unlabeled > 0 ? ` · ${formatCount(unlabeled)} not labeled` : ''}`;
}
