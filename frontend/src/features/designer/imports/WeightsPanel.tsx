import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { http, type WeightFileFits } from '@/api';
import { formatBytes, plural } from '@/lib';
import { ProblemNotice } from '@/ui';
import { networksQuery } from '../networks/queries';
import { DESIGNER_IDS } from '../testids';
import { MatchTable } from './MatchTable';
import { useLoadWeights } from './useLoadWeights';
import { IMAGES, type Images } from './weightWords';
import classes from './Weights.module.css';

interface WeightsPanelProps {
  projectId: string;
  weightFileId: string;
  /** The network they are for, when that is known. */
  networkId: string | null;
  onLoaded: () => void;
}

/** Weights alone: which network they belong to, which tensor goes where, and then Load. */
export function WeightsPanel({ projectId, weightFileId, networkId, onLoaded }: WeightsPanelProps) {
  const { data: file, error } = useQuery({
    queryKey: ['weight-file', weightFileId],
    queryFn: ({ signal }) =>
      http.get<WeightFileFits>(`/api/weight-files/${weightFileId}`, {}, signal),
    staleTime: Infinity,
  });
  const [chosen, setChosen] = useState(networkId);
  const [images, setImages] = useState<Images | null>(null);
  const load = useLoadWeights(weightFileId, onLoaded);
  if (error) return <ProblemNotice error={error} />;
  if (file === undefined) return null;
  const target = chosen ?? file.fits[0]?.network_id ?? null;
  return (
    <div className={classes.panel} data-testid={DESIGNER_IDS.weightFile}>
      <p className={classes.what}>
        <b>{file.source}</b> holds weights alone: {plural(file.num_tensors, 'tensor')},{' '}
        {formatBytes(file.size_bytes)} ({file.format}). {fitWords(file)}
      </p>
      <div className={classes.choices}>
        <TargetSelect projectId={projectId} file={file} value={target} onChange={setChosen} />
        <Select
          label="Images were given as"
          description="Files of weights do not say"
          placeholder="As the network says"
          data={IMAGES}
          value={images}
          clearable
          onChange={(value) => setImages(IMAGES.find((each) => each.value === value)?.value ?? null)}
          data-testid={DESIGNER_IDS.weightImages}
        />
      </div>
      {target !== null && (
        <MatchTable weightFileId={weightFileId} networkId={target} images={images} />
      )}
      {load.error !== null && <ProblemNotice error={load.error} />}
      {load.problem !== null && <p role="alert">{load.problem}</p>}
      <div className={classes.buttons}>
        <Button variant="default" disabled={load.isLoading} onClick={() => load.discard()}>
          Throw away
        </Button>
        <Button
          disabled={target === null}
          loading={load.isLoading}
          data-testid={DESIGNER_IDS.weightLoad}
          onClick={() => target !== null && load.load(target, images)}
        >
          Load weights
        </Button>
      </div>
    </div>
  );
}

function fitWords({ fits }: WeightFileFits): string {
  if (fits.length === 0) return 'No network of the project takes most of them: draw or import theirs first; the zoo may have it.';
  return `They fit ${plural(fits.length, 'network')} of the project.`;
}

interface TargetSelectProps {
  projectId: string;
  file: WeightFileFits;
  value: string | null;
  onChange: (networkId: string | null) => void;
}

/** Networks that some of the weights fit first, with how much; then the others. */
function TargetSelect({ projectId, file, value, onChange }: TargetSelectProps) {
  const { data: networks = [] } = useQuery(networksQuery(projectId));
  const fitting = new Set(file.fits.map(({ network_id }) => network_id));
  const others = networks.filter(({ id }) => !fitting.has(id));
  return (
    <Select
      label="Network"
      description="How much of its learned numbers the file holds"
      searchable
      data={[
        {
          group: 'Fits',
          items: file.fits.map(({ network_id, name, share }) => ({
            value: network_id,
            label: `${name} · ${Math.round(share * 1000) / 10} %`,
          })),
        },
        { group: 'Others', items: others.map(({ id, name }) => ({ value: id, label: name })) },
      ]}
      value={value}
      onChange={onChange}
      data-testid={DESIGNER_IDS.weightNetwork}
    />
  );
}
