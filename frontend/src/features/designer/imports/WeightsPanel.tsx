import { Button, Select } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { WeightFileFits } from '@/api';
import { formatBytes, formatCount, plural } from '@/lib';
import { DialogFooter, ProblemNotice } from '@/ui';
import { DESIGNER_IDS } from '../testids';
import { zooKey } from '../zoo/queries';
import { useZooEntry } from '../zoo/useZooOpening';
import { MatchTable } from './MatchTable';
import { Refused, Working } from './OpeningState';
import { TargetSelect } from './TargetSelect';
import { useLoadWeights } from './useLoadWeights';
import { bestTarget, weightFileKey, weightFileQuery, type Target } from './weightFiles';
import { IMAGES, fitsText, type Images } from './weightWords';
import classes from './Weights.module.css';

interface WeightsPanelProps {
  projectId: string;
  weightFileId: string;
  /** The network they are for, when that is known. */
  networkId: string | null;
  onLoaded: () => void;
}

/** Weights alone: what they belong to, which tensor goes where, and then Load. */
export function WeightsPanel({ projectId, weightFileId, networkId, onLoaded }: WeightsPanelProps) {
  const client = useQueryClient();
  const { data: file, error } = useQuery(weightFileQuery(weightFileId));
  const [chosen, setChosen] = useState<Target | null>(
    networkId === null ? null : { kind: 'network', id: networkId },
  );
  const [images, setImages] = useState<Images | null>(null);
  const load = useLoadWeights(weightFileId, onLoaded);
  const zoo = useZooEntry(projectId, (id) => {
    void client.invalidateQueries({ queryKey: weightFileKey(weightFileId) });
    setChosen({ kind: 'network', id });
  });
  if (error) return <ProblemNotice error={error} />;
  if (file === undefined) return null;
  const target = chosen ?? bestTarget(file);
  // What came in is chosen at once: from then on nothing is being opened.
  const isOpening = zoo.isWorking && chosen === null;
  const openEntry = (key: string): void => {
    setChosen(null);
    zoo.open({ key });
  };
  return (
    <div className={classes.panel} data-testid={DESIGNER_IDS.weightFile}>
      <p className={classes.what}>
        <b>{file.source}</b> holds weights alone: {plural(file.num_tensors, 'tensor')},{' '}
        {formatCount(file.num_parameters)} parameters, {formatBytes(file.size_bytes)} ({file.format}
        ). {fitWords(file)}
      </p>
      <div className={classes.choices}>
        <TargetSelect
          projectId={projectId}
          file={file}
          value={isOpening ? null : target}
          isDisabled={isOpening}
          onChange={setChosen}
        />
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
      {isOpening ? (
        <Working text={zoo.text} progress={zoo.progress} onCancel={zoo.cancel} />
      ) : (
        <ZooOffers file={file} onOpen={openEntry} />
      )}
      {zoo.error !== null && <ProblemNotice error={zoo.error} />}
      {zoo.problem !== null && <Refused problem={zoo.problem} />}
      {target !== null && !isOpening && (
        <MatchTable weightFileId={weightFileId} target={target} images={images} />
      )}
      {load.error !== null && <ProblemNotice error={load.error} />}
      {load.problem !== null && <p role="alert">{load.problem}</p>}
      <DialogFooter>
        <Button variant="default" disabled={load.isLoading} onClick={() => load.discard()}>
          Throw away
        </Button>
        <Button
          disabled={target === null || isOpening}
          loading={load.isLoading}
          data-testid={DESIGNER_IDS.weightLoad}
          onClick={() => target !== null && load.load(target, images)}
        >
          {target?.kind === 'template' ? 'Open the template with them' : 'Load weights'}
        </Button>
      </DialogFooter>
    </div>
  );
}

function fitWords(file: WeightFileFits): string {
  if (file.fits.length + file.templates.length + file.zoo.length === 0) {
    return 'Nothing here takes most of them: draw or import their network first; the zoo may have it.';
  }
  return `They fit ${fitsText(file)}.`;
}

/** The layers of the zoo are known once it is open: then the table says what fits. */
function ZooOffers({ file, onOpen }: { file: WeightFileFits; onOpen: (key: string) => void }) {
  if (file.zoo.length === 0) return null;
  return (
    <div className={classes.offers}>
      <span>
        {file.zoo[0]?.is_same_name === true
          ? 'The zoo has weights of this name.'
          : 'The zoo has networks with as many parameters.'}
      </span>
      {file.zoo.map((entry) => (
        <Button
          key={zooKey(entry)}
          variant="default"
          size="compact-sm"
          onClick={() => onOpen(zooKey(entry))}
        >
          Open {entry.name}
        </Button>
      ))}
    </div>
  );
}
