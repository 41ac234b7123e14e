import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { http, type TransferMade, type TransferOptions, type TransferPlan, type TransferSource } from '@/api';
import { datasetsQuery } from '@/features/datasets';
import { ProblemNotice } from '@/ui';
import { keepNextRun } from '../state/nextRun';
import { SurvivalReport } from '../surgery/SurvivalReport';
import { DESIGNER_IDS } from '../testids';
import { PythonLines } from './PythonLines';
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
  onClose: () => void;
}

/** A trained network made ready for other data: what survives, what is new, what is frozen. */
export function TransferDialog({ projectId, networkId, onClose }: TransferDialogProps) {
  const { data: sources } = useQuery({
    queryKey: ['networks', 'transfer-sources', projectId],
    queryFn: ({ signal }) =>
      http.get<TransferSource[]>(`/api/projects/${projectId}/transfer-sources`, {}, signal),
  });
  const { data: datasets = [] } = useQuery(datasetsQuery(projectId));
  const [network, setNetwork] = useState(networkId ?? null);
  const [dataset, setDataset] = useState<string | null>(null);
  const [options, setOptions] = useState<TransferOptions>(USUAL);
  const [name, setName] = useState('');
  const source = network ?? sources?.[0]?.network_id ?? null;
  const data = dataset ?? datasets[0]?.id ?? null;
  const asked = source === null || data === null ? null : { network_id: source, dataset_id: data, options };
  const { plan, error, isOld } = usePlan(asked);
  const usual = `${sources?.find((each) => each.network_id === source)?.name ?? 'Network'} on ${
    datasets.find((each) => each.id === data)?.name ?? 'data'
  }`.slice(0, 120);
  const make = useMake(projectId, onClose);
  const canMake = asked !== null && plan !== undefined && plan.refusal === '' && !isOld;
  return (
    <Modal opened onClose={onClose} title="Transfer learning" size={820} data-testid={DESIGNER_IDS.transfer}>
      <div className={classes.dialog}>
        <p className={classes.summary}>
          A network that has learned one thing learns another with few images: its last layer is
          made new for your classes, the layers before keep what they know. The original stays as
          it is.
        </p>
        <div className={classes.pair}>
          <Select
            label="Trained network"
            placeholder={sources?.length === 0 ? 'No network of the project has weights' : 'Choose a network'}
            searchable
            data={sources?.map((each) => ({
              value: each.network_id,
              label: `${each.name} · ${each.has_file ? 'weights of a file' : 'trained here'}`,
            }))}
            value={source}
            onChange={setNetwork}
            data-testid={DESIGNER_IDS.transferNetwork}
          />
          <Select
            label="Data"
            placeholder="Choose a dataset"
            data={datasets.map(({ id, name: label }) => ({ value: id, label }))}
            value={data}
            onChange={setDataset}
            data-testid={DESIGNER_IDS.transferDataset}
          />
        </div>
        <TransferFields options={options} layers={plan?.layers ?? []} onChange={setOptions} />
        {error !== null && <ProblemNotice error={error} />}
        {plan !== undefined && <PlanView plan={plan} isOld={isOld} />}
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
    onSuccess: ({ network_id: networkId, config, start_from: startFrom }) => {
      keepNextRun(networkId, { config, startFrom });
      void client.invalidateQueries({ queryKey: ['networks', projectId] });
      onClose();
      void navigate({ to: '/networks/$networkId', params: { networkId } });
    },
  });
}

function PlanView({ plan, isOld }: { plan: TransferPlan; isOld: boolean }) {
  if (plan.refusal !== '') {
    return (
      <p className={classes.refusal} role="alert">
        {plan.refusal}
      </p>
    );
  }
  return (
    <div className={classes.plan} data-old={isOld || undefined}>
      {plan.survival != null && <SurvivalReport survival={plan.survival} />}
      <p className={classes.facts}>
        {plan.num_classes} classes. Weights of {plan.weights}.{' '}
        {plan.frozen.length > 0 ? `Frozen: ${plan.frozen.join(', ')}.` : 'Nothing is frozen.'}{' '}
        {plan.run?.unfreeze_every_epochs != null &&
          `One more group learns every ${plan.run.unfreeze_every_epochs} epochs.`}{' '}
        {plan.warnings.join(' ')}
      </p>
      <PythonLines text={plan.python} />
    </div>
  );
}
