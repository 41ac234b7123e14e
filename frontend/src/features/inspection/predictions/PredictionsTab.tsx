import { Button, Select } from '@mantine/core';
import { IconTable } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { TESTIDS, formatCount, formatDateTime, formatPercent } from '@/lib';
import { EmptyState, ProblemNotice, WhyNot } from '@/ui';
import type { Asked } from '../api';
import { DatasetSelect } from '../DatasetSelect';
import { LongJobLine } from '../LongJobLine';
import { useLongJob } from '../useLongJob';
import { tablesQuery } from './api';
import classes from './PredictionsTab.module.css';
import { TableView } from './TableView';

const SPLITS = [
  { value: '', label: 'All images' },
  { value: 'validation', label: 'Validation' },
  { value: 'test', label: 'Test' },
  { value: 'train', label: 'Train' },
];

interface PredictionsTabProps {
  asked: Asked;
  onItem: (itemId: string, datasetId: string) => void;
}

/** A network over a whole dataset: what it says of each image, as a table. */
export function PredictionsTab({ asked, onItem }: PredictionsTabProps) {
  const client = useQueryClient();
  const { data: past } = useQuery(tablesQuery(asked));
  const [datasetId, setDatasetId] = useState(asked.datasetId);
  const [split, setSplit] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = chosen ?? past?.items[0]?.id ?? null;
  const refresh = () => void client.invalidateQueries({ queryKey: tablesQuery(asked).queryKey });
  const work = useLongJob('/api/prediction-tables', (result) => {
    if (typeof result['table_id'] === 'string') setChosen(result['table_id']);
    refresh();
  });
  const forget = () => {
    setChosen(null);
    refresh();
  };
  const begin = () => work.start({ weights: asked.weights, dataset_id: datasetId, split, top_k: 5 });
  return (
    <div className={classes.page}>
      <div className={classes.controls}>
        {asked.runId !== null && <DatasetSelect projectId={asked.projectId} value={datasetId} onChange={setDatasetId} />}
        <Select w={150} aria-label="Split" data={SPLITS} value={split} onChange={(value) => setSplit(value ?? '')} />
        <WhyNot reason={asked.canEdit ? null : 'The table is kept with the network: editors and owners of the project may make one.'}>
          <Button
            disabled={work.isWorking || !asked.canEdit || datasetId === null}
            onClick={begin}
            data-testid={TESTIDS.inspect.predictMany}
          >
            Predict
          </Button>
        </WhyNot>
        {work.isWorking && <LongJobLine job={work.job} onCancel={work.cancel} />}
        <span className={classes.spacer} />
        {past && past.items.length > 0 && (
          <Select
            w={340}
            aria-label="Earlier tables"
            data={past.items.map((each) => ({ value: each.id, label: labelOf(each) }))}
            value={shown}
            onChange={setChosen}
          />
        )}
      </div>
      {work.error && <ProblemNotice error={work.error} />}
      {shown !== null && <TableView key={shown} tableId={shown} canEdit={asked.canEdit} onItem={onItem} onDeleted={forget} />}
      {past && shown === null && (
        <EmptyState icon={<IconTable size={26} stroke={1.5} />} title="No predictions yet">
          Choose data and let the network say what each image shows. Images need no label; where they have one, the table says
          what is right.
        </EmptyState>
      )}
    </div>
  );
}

function labelOf(table: { dataset_name: string; split: string; num_items: number; accuracy: number | null; created_at: string }): string {
  const what = `${table.dataset_name}${table.split === '' ? '' : `, ${table.split}`}`;
  const share = table.accuracy === null ? '' : `, ${formatPercent(table.accuracy, 1)} right`;
  return `${what}, ${formatCount(table.num_items)}${share}, ${formatDateTime(table.created_at)}`;
}
