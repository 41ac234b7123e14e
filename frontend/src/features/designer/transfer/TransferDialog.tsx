import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { http, type TransferMade, type TransferOptions, type TransferPlan } from '@/api';
import { VersionSelect, datasetsQuery } from '@/features/datasets';
import { ProblemNotice } from '@/ui';
import { Refused, Working } from '../imports/OpeningState';
import { keepNextRun } from '../state/nextRun';
import { DESIGNER_IDS } from '../testids';
import { useZooEntry } from '../zoo/useZooOpening';
import { PlanView } from './PlanView';
import { transferSourcesQuery } from './queries';
import { SourceSelect, type Source } from './SourceSelect';
import classes from './Transfer.module.css';
import { TransferFields } from './TransferFields';

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
  /** What it was opened from, when it was a network. */
  networkId?: string;
  /** What it was opened from, when it was a dataset. */
  datasetId?: string;
  onClose: () => void;
}

/** A trained network made ready for other data: what survives, what is new, what is frozen. */
export function TransferDialog({ projectId, networkId, datasetId, onClose }: TransferDialogProps) {
  const { data: sources } = useQuery(transferSourcesQuery(projectId));
  const { data: datasets = [] } = useQuery(datasetsQuery(projectId));
  const [chosen, setSource] = useState<Source | null>(
    networkId === undefined ? null : { kind: 'network', id: networkId },
  );
  const [dataset, setDataset] = useState<string | null>(datasetId ?? null);
  const [version, setVersion] = useState<string | null>(null);
  const [options, setOptions] = useState<TransferOptions>(USUAL);
  const [name, setName] = useState('');
  const first = sources?.[0]?.network_id;
  const source = chosen ?? (first === undefined ? null : { kind: 'network' as const, id: first });
  const opening = useZooEntry(projectId, (id) => setSource({ kind: 'network', id }));
  const isOpening = source?.kind === 'zoo' && opening.isWorking;
  const data = dataset ?? datasets[0]?.id ?? null;
  const asked: Asked | null =
    source?.kind !== 'network' || data === null
      ? null
      : { network_id: source.id, dataset_id: data, dataset_version_id: version, options };
  const { plan, error, isOld } = usePlan(asked);
  const usual = `${sources?.find((each) => each.network_id === asked?.network_id)?.name ?? 'Network'} on ${
    datasets.find((each) => each.id === data)?.name ?? 'data'
  }`.slice(0, 120);
  const make = useMake(projectId, onClose);
  const canMake = asked !== null && plan !== undefined && plan.refusal === '' && !isOld;
  const choose = (next: Source): void => {
    setSource(next);
    if (next.kind === 'zoo') opening.open({ key: next.key });
  };
  return (
    <Modal opened onClose={onClose} title="Transfer learning" size={820} data-testid={DESIGNER_IDS.transfer}>
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
            value={data}
            onChange={(next) => {
              if (next !== data) setVersion(null);
              setDataset(next);
            }}
            data-testid={DESIGNER_IDS.transferDataset}
          />
          <VersionSelect
            datasetId={data}
            value={version}
            onChange={setVersion}
            testId={DESIGNER_IDS.transferVersion}
          />
        </div>
        {isOpening && (
          <Working text={opening.text} progress={opening.progress} onCancel={opening.cancel} />
        )}
        {source?.kind === 'zoo' && opening.error !== null && <ProblemNotice error={opening.error} />}
        {source?.kind === 'zoo' && opening.problem !== null && <Refused problem={opening.problem} />}
        <TransferFields options={options} layers={plan?.layers ?? []} onChange={setOptions} />
        {error !== null && <ProblemNotice error={error} />}
        {asked !== null && plan !== undefined && <PlanView plan={plan} isOld={isOld} />}
        {make.error !== null && <ProblemNotice error={make.error} />}
        <div className={classes.foot}>
          <TextInput
            className={classes.name}
            aria-label="Name of the new network"
            placeholder={usual}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={!canMake}
            loading={make.isPending}
            data-testid={DESIGNER_IDS.transferMake}
            onClick={() => asked !== null && make.mutate({ ...asked, name: name.trim() || usual })}
          >
            Make the network and train…
          </Button>
        </div>
      </div>
    </Modal>
  );
}

interface Asked {
  readonly network_id: string;
  readonly dataset_id: string;
  readonly dataset_version_id: string | null;
  readonly options: TransferOptions;
}

function usePlan(asked: Asked | null) {
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['networks', 'transfer-plan', asked],
    queryFn: ({ signal }) => http.post<TransferPlan>('/api/transfers/plan', asked, signal),
    enabled: asked !== null,
    placeholderData: (previous) => previous,
    gcTime: 0,
    retry: false,
  });
  return { plan: data, error, isOld: isPlaceholderData };
}

/** Makes the branch and opens it with the training dialog as the plan has it. */
function useMake(projectId: string, onClose: () => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (wanted: Asked & { name: string }) => http.post<TransferMade>('/api/transfers', wanted),
    meta: { showsOwnError: true },
    onSuccess: ({ network_id: networkId, config, start_from: startFrom }, wanted) => {
      keepNextRun(networkId, { config, startFrom, versionId: wanted.dataset_version_id });
      void client.invalidateQueries({ queryKey: ['networks', projectId] });
      onClose();
      void navigate({ to: '/networks/$networkId', params: { networkId } });
    },
  });
}
