import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { TransferOptions } from '@/api';
import { VersionSelect, datasetsQuery } from '@/features/datasets';
import { DialogFooter, ProblemNotice } from '@/ui';
import { Refused, Working } from '../imports/OpeningState';
import { DESIGNER_IDS } from '../testids';
import { PlanView } from './PlanView';
import { transferSourcesQuery } from './queries';
import { usualSource, zooName, type Source } from './source';
import { SourceSelect } from './SourceSelect';
import classes from './Transfer.module.css';
import { FREEZE, TransferFields } from './TransferFields';
import { useMake, usePlan, type Wanted } from './useTransfer';

const USUAL: TransferOptions = {
  freeze: 'backbone',
  head: 'same',
  dropout: 0.2,
  backbone_rate: 0.1,
  is_graded: false,
  unfreeze_every_epochs: null,
};

interface TransferDialogProps {
  projectId: string;
  /** What it was opened from, when it was a network, here or in the zoo. */
  from?: Source;
  /** What it was opened from, when it was a dataset. */
  datasetId?: string;
  onClose: () => void;
}

/** A trained network made ready for other data: what survives, what is new, what is frozen. */
export function TransferDialog({ projectId, from, datasetId, onClose }: TransferDialogProps) {
  const { data: sources } = useQuery(transferSourcesQuery(projectId));
  const { data: datasets = [] } = useQuery(datasetsQuery(projectId));
  const [chosen, setSource] = useState<Source | null>(from ?? null);
  const [dataset, setDataset] = useState<string | null>(datasetId ?? null);
  const [version, setVersion] = useState<string | null>(null);
  const [options, setOptions] = useState<TransferOptions>(USUAL);
  const [name, setName] = useState('');
  const source = chosen ?? usualSource(sources ?? []);
  const data = datasets.find((each) => each.id === (dataset ?? datasets[0]?.id));
  const wanted: Wanted | null =
    data === undefined ? null : { dataset_id: data.id, dataset_version_id: version, options };
  const { plan, error, isOld } = usePlan(source, wanted);
  const { make, isPending, error: makeError, opening } = useMake(projectId, onClose, setSource);
  const isFromZoo = source?.kind === 'zoo';
  const isOpening = isFromZoo && opening.isWorking;
  const usual = `${nameOf(source, sources) ?? 'Network'} on ${data?.name ?? 'data'}`.slice(0, 120);
  const isPlanned = isFromZoo || (plan !== undefined && plan.refusal === '' && !isOld);
  const choose = (next: Source): void => {
    setSource(next);
    // A layer of the network before means nothing in this one.
    if (!FREEZE.some(({ value }) => value === options.freeze)) {
      setOptions({ ...options, freeze: USUAL.freeze });
    }
  };
  const leave = (): void => {
    if (isOpening) opening.cancel();
    onClose();
  };
  return (
    <Modal opened onClose={leave} title="Transfer learning" size={820} data-testid={DESIGNER_IDS.transfer}>
      <div className={classes.dialog}>
        <p className={classes.summary}>
          A network that has learned one thing learns another with few images: its last layer is
          made new for your classes, the layers before keep what they know. The original stays as
          it is.
        </p>
        <div className={classes.what}>
          <SourceSelect networks={sources} value={source} isDisabled={isOpening} onChange={choose} />
          <Select
            label="Data"
            placeholder="Choose a dataset"
            allowDeselect={false}
            data={datasets.map(({ id, name: label }) => ({ value: id, label }))}
            value={data?.id ?? null}
            onChange={(next) => {
              if (next !== data?.id) setVersion(null);
              setDataset(next);
            }}
            data-testid={DESIGNER_IDS.transferDataset}
          />
          <VersionSelect
            datasetId={data?.id ?? null}
            value={version}
            onChange={setVersion}
            testId={DESIGNER_IDS.transferVersion}
          />
        </div>
        <TransferFields options={options} layers={plan?.layers ?? []} onChange={setOptions} />
        {isFromZoo && !isOpening && (
          <p className={classes.facts}>
            {zooName(source.key)} is of the zoo. It comes into the project when you make the
            network, and not before.
          </p>
        )}
        {isOpening && (
          <Working text={opening.text} progress={opening.progress} onCancel={opening.cancel} />
        )}
        {isFromZoo && opening.error !== null && <ProblemNotice error={opening.error} />}
        {isFromZoo && opening.problem !== null && <Refused problem={opening.problem} />}
        {error !== null && <ProblemNotice error={error} />}
        {plan !== undefined && <PlanView plan={plan} isOld={isOld} />}
        {makeError !== null && <ProblemNotice error={makeError} />}
        <DialogFooter>
          <TextInput
            className={classes.name}
            aria-label="Name of the new network"
            placeholder={usual}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button variant="default" onClick={leave}>
            Cancel
          </Button>
          <Button
            disabled={source === null || wanted === null || !isPlanned}
            loading={isPending || isOpening}
            data-testid={DESIGNER_IDS.transferMake}
            onClick={() =>
              source !== null && wanted !== null && make(source, { ...wanted, name: name.trim() || usual })
            }
          >
            Make the network and train…
          </Button>
        </DialogFooter>
      </div>
    </Modal>
  );
}

function nameOf(
  source: Source | null,
  networks: readonly { network_id: string; name: string }[] = [],
): string | undefined {
  if (source?.kind === 'zoo') return zooName(source.key);
  return networks.find((each) => each.network_id === source?.id)?.name;
}
