import { Tabs } from '@mantine/core';
import { IconPhotoSearch, IconReportAnalytics, IconScale, IconTable } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { Run } from '@/api';
import { itemQuery } from '@/features/datasets';
import type { Asked, ImageChoice } from './api';
import { BaselinesTab } from './baselines/BaselinesTab';
import { EvaluationTab } from './evaluation/EvaluationTab';
import { ImageTab } from './image/ImageTab';
import classes from './InspectPage.module.css';
import { PredictionsTab } from './predictions/PredictionsTab';

const route = getRouteApi('/frame/inspect');

interface InspectTabsProps {
  asked: Asked;
  /** Evaluations belong to runs; without one there is no such tab. */
  run?: Run;
  checkpointId?: string;
}

/** What can be asked of a trained network: one image, a split, a dataset, and whether it pays. */
export function InspectTabs({ asked, run, checkpointId }: InspectTabsProps) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [uploaded, setUploaded] = useState<ImageChoice | null>(null);
  const { data: item } = useQuery({ ...itemQuery(search.item ?? ''), enabled: search.item !== undefined });
  const tab = search.tab === 'evaluation' && !run ? 'image' : (search.tab ?? 'image');
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
    <Tabs value={tab} onChange={(value) => void navigate({ search: { ...search, tab: value ?? 'image' } })} keepMounted={false}>
      <Tabs.List className={classes.tabs}>
        <Tabs.Tab value="image" leftSection={<IconPhotoSearch size={15} />}>
          One image
        </Tabs.Tab>
        {run && (
          <Tabs.Tab value="evaluation" leftSection={<IconReportAnalytics size={15} />}>
            Evaluation
          </Tabs.Tab>
        )}
        <Tabs.Tab value="predictions" leftSection={<IconTable size={15} />}>
          Predictions
        </Tabs.Tab>
        <Tabs.Tab value="baselines" leftSection={<IconScale size={15} />}>
          Classical models
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="image">
        <ImageTab
          asked={asked}
          image={image}
          hasChoice={uploaded !== null || search.item !== undefined}
          onImage={choose}
        />
      </Tabs.Panel>
      {run && checkpointId !== undefined && (
        <Tabs.Panel value="evaluation">
          <EvaluationTab
            key={checkpointId}
            run={run}
            checkpointId={checkpointId}
            evaluationId={search.evaluation}
            onEvaluation={(evaluation) => void navigate({ search: { ...search, evaluation }, replace: true })}
            onItem={openItem}
          />
        </Tabs.Panel>
      )}
      <Tabs.Panel value="predictions">
        <PredictionsTab key={asked.key} asked={asked} onItem={openItem} />
      </Tabs.Panel>
      <Tabs.Panel value="baselines">
        <BaselinesTab key={asked.key} asked={asked} versionId={run?.dataset_version.id ?? null} />
      </Tabs.Panel>
    </Tabs>
  );
}
