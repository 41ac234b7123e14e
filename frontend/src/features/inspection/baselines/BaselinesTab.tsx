import { Button, MultiSelect, SegmentedControl, Select } from '@mantine/core';
import { IconScale } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { http, type Baseline } from '@/api';
import { versionsQuery } from '@/features/datasets';
import { TESTIDS } from '@/lib';
import { EmptyState, ProblemNotice, WhyNot } from '@/ui';
import type { Asked } from '../api';
import { LongJobLine } from '../LongJobLine';
import { useLongJob } from '../useLongJob';
import { comparedQuery, featureLayersQuery, type JudgedSplit } from './api';
import classes from './Baselines.module.css';
import { ComparisonTable } from './ComparisonTable';

const FEATURES = [
  { value: 'layer', label: 'A layer of the network' },
  { value: 'pixels', label: 'Raw pixels' },
  { value: 'hog', label: 'Edges by direction (HOG)' },
  { value: 'colours', label: 'Colour histogram' },
];
const MODELS = [
  { value: 'logistic', label: 'Logistic regression' },
  { value: 'linear_svm', label: 'Linear SVM' },
  { value: 'rbf_svm', label: 'SVM with RBF kernel' },
  { value: 'neighbours', label: 'Nearest neighbours' },
  { value: 'forest', label: 'Random forest' },
];
const POOLING = [
  { value: 'average', label: 'Average of positions' },
  { value: 'max', label: 'Maximum of positions' },
  { value: 'flat', label: 'Every value' },
];

/** Classical models on what a layer sees, and on hand-made features, beside the network. */
export function BaselinesTab({ asked, versionId }: { asked: Asked; versionId: string | null }) {
  const client = useQueryClient();
  const { data: layers = [] } = useQuery(featureLayersQuery(asked));
  // Without a run, what is shown is about the newest version of the data.
  const isOfRun = versionId !== null;
  const { data: versions = [] } = useQuery({ ...versionsQuery(asked.datasetId ?? ''), enabled: !isOfRun && asked.datasetId !== null });
  const newest = [...versions].sort((one, other) => other.number - one.number)[0];
  const version = versionId ?? newest?.id ?? null;
  const [split, setSplit] = useState<JudgedSplit>('validation');
  const [features, setFeatures] = useState(['layer', 'pixels', 'hog', 'colours']);
  const [models, setModels] = useState(['logistic']);
  const [layer, setLayer] = useState<string | null>(null);
  const [pooling, setPooling] = useState<'average' | 'max' | 'flat'>('average');
  const compared = useQuery({ ...comparedQuery(version ?? '', split), enabled: version !== null });
  const work = useLongJob('/api/baselines', (result) => {
    const [first] = Array.isArray(result['baseline_ids']) ? (result['baseline_ids'] as unknown[]) : [];
    if (typeof first !== 'string') return;
    void http.get<Baseline>(`/api/baselines/${first}`).then((made) => {
      void client.invalidateQueries({ queryKey: versionsQuery(asked.datasetId ?? '').queryKey });
      return client.invalidateQueries({ queryKey: comparedQuery(made.dataset_version_id, made.split).queryKey });
    });
  });
  const data = versionId === null ? { dataset_id: asked.datasetId } : { dataset_version_id: versionId };
  const begin = () => work.start({ weights: asked.weights, layer, pooling, features, models, split, ...data });
  const default_ = layers.find(({ is_default }) => is_default)?.path ?? null;
  const hasRows = compared.data !== undefined && compared.data.baselines.length + compared.data.runs.length > 0;
  return (
    <div className={classes.page}>
      <div className={classes.controls}>
        <MultiSelect label="Learn from" data={FEATURES} value={features} onChange={setFeatures} />
        <MultiSelect label="With" data={MODELS} value={models} onChange={setModels} />
        {features.includes('layer') && (
          <>
            <Select
              label="Layer"
              searchable
              data={layers.map(({ path, name, output_text }) => ({ value: path, label: `${name}  ${output_text}` }))}
              value={layer ?? default_}
              onChange={setLayer}
            />
            <Select
              label="Of each image"
              allowDeselect={false}
              data={POOLING.map(({ value, label }) => ({ value, label: label + countOf(layers, layer ?? default_, value) }))}
              value={pooling}
              onChange={(value) => setPooling(value === 'max' || value === 'flat' ? value : 'average')}
            />
          </>
        )}
        <SegmentedControl
          size="sm"
          aria-label="Images to judge on"
          value={split}
          onChange={setSplit}
          data={[
            { value: 'validation', label: 'Validation' },
            { value: 'test', label: 'Test' },
          ]}
        />
        <WhyNot reason={asked.canEdit ? null : 'Results are kept with the data: editors and owners of the project may ask for them.'}>
          <Button
            disabled={work.isWorking || !asked.canEdit || asked.datasetId === null || features.length === 0 || models.length === 0}
            onClick={begin}
            data-testid={TESTIDS.inspect.compareClassical}
          >
            Compare
          </Button>
        </WhyNot>
      </div>
      {work.isWorking && <LongJobLine job={work.job} onCancel={work.cancel} />}
      {work.error && <ProblemNotice error={work.error} />}
      {version !== null && <ComparisonTable versionId={version} split={split} canEdit={asked.canEdit} />}
      {!hasRows && (
        <EmptyState icon={<IconScale size={26} stroke={1.5} />} title="Does deep learning pay?">
          Fit classical models on what a layer of the network sees, and on features that nobody learned, and see how far they get on
          the same images. All learn from the training split only.
        </EmptyState>
      )}
      <InPython />
    </div>
  );
}

function countOf(layers: readonly { path: string; num_features: Record<string, number | null> }[], path: string | null, pooling: string) {
  const num = layers.find((each) => each.path === path)?.num_features[pooling];
  return num == null ? '' : ` (${String(num)})`;
}

const PYTHON = `opened = read_network(Path("bundle.zip"))
load_weights(network := build_module(opened.document), opened.weights)
data, folder = read_folder(Path("photos"))
tables = layer_tables(network, data, folder, cache=Path("features"))
print(fit_classical(tables["train"], tables["test"], ClassicalSettings(model="logistic")).result.accuracy)`;

function InPython() {
  return (
    <details className={classes.python}>
      <summary>The same in Python, or on the command line</summary>
      <pre>{PYTHON}</pre>
      <pre>netloom classical bundle.zip --data photos --model logistic rbf_svm --baseline pixels hog colours</pre>
    </details>
  );
}
