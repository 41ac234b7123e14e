import { Button, Modal, Select, TextInput } from '@mantine/core';
import { IconPlayerPlayFilled } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Network, Run, RunProposal } from '@/api';
import { VersionSelect, datasetsQuery } from '@/features/datasets';
import { TESTIDS, formatCount, useProject } from '@/lib';
import { DialogFooter, ProblemNotice } from '@/ui';
import { networkQuery, runProposalQuery, weightSetsQuery } from '../api';
import { ConfigInput } from './ConfigInput';
import { EstimateLine } from './EstimateLine';
import { ExpertSections } from './ExpertSections';
import { ProblemList, type RunFix } from './ProblemList';
import { BASIC_PATHS, isFilling } from './presentation';
import { valueAt } from './schemaFields';
import classes from './StartRunDialog.module.css';
import { StartFromSelect } from './StartFromSelect';
import { runCheckKey, useEstimate, useRunPlan, useStartRun, type StartFrom } from './useRunPlan';

export interface StartRunDialogProps {
  networkId: string;
  opened: boolean;
  onClose: () => void;
  /** Called after the start; without it the page of the run opens. */
  onStarted?: (run: Run) => void;
  /** Repairs the network and saves it; only where it is open does anything know how. */
  onFix?: (fix: RunFix) => Promise<void>;
}

/** Everything a training needs: good defaults first, expert settings folded, problems up front. */
export function StartRunDialog({ networkId, opened, onClose, onStarted, onFix }: StartRunDialogProps) {
  const { data: network, error } = useQuery({ ...networkQuery(networkId), enabled: opened, staleTime: 0 });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={network ? `Train ${network.name}` : 'Train'}
      size={760}
      data-testid={TESTIDS.training.dialog}
    >
      {error && <ProblemNotice error={error} />}
      <FreshForm
        networkId={networkId}
        onClose={onClose}
        onStarted={onStarted}
        onFix={onFix}
      />
    </Modal>
  );
}

interface FreshFormProps {
  networkId: string;
  onClose: () => void;
  onStarted: ((run: Run) => void) | undefined;
  onFix: StartRunDialogProps['onFix'];
}

/** The modal mounts this anew each time it opens: the form waits for the network as it is now. */
function FreshForm({ networkId, ...rest }: FreshFormProps) {
  const { data: network, isFetchedAfterMount } = useQuery({ ...networkQuery(networkId), staleTime: 0 });
  const { data: weightSets, isError } = useQuery(weightSetsQuery(networkId));
  const { data: proposal, isPending } = useQuery(runProposalQuery(networkId));
  if (!network || !isFetchedAfterMount || isPending || (weightSets === undefined && !isError)) return null;
  const brought = weightSets?.find(({ num_tensors }) => num_tensors > 0);
  return (
    <StartRunForm
      network={network}
      proposal={proposal ?? null}
      broughtWeights={brought?.id ?? null}
      {...rest}
    />
  );
}

interface StartRunFormProps {
  network: Network;
  /** What transfer learning chose already. */
  proposal: RunProposal | null;
  /** Weights that came with the network: what it is trained on from, unless one chooses others. */
  broughtWeights: string | null;
  onClose: () => void;
  onStarted: ((run: Run) => void) | undefined;
  onFix: StartRunDialogProps['onFix'];
}

function StartRunForm({ network, proposal, broughtWeights, onClose, onStarted, onFix }: StartRunFormProps) {
  const networkId = network.id;
  /** Another dataset than the one the network is bound to. */
  const [chosen, setChosen] = useState<string | null>(null);
  const dataset = chosen ?? network.dataset_id;
  const [version, setVersion] = useState<string | null>(proposal?.dataset_version_id ?? null);
  const data = { dataset_id: dataset, dataset_version_id: version };
  const [name, setName] = useState('');
  const [startFrom, setStartFrom] = useState<StartFrom>(
    proposal?.start_from ??
      (broughtWeights === null ? null : { type: 'weights', weight_set_id: broughtWeights }),
  );
  const [mergeFrom, setMergeFrom] = useState<StartFrom>(null);
  const starts = { start_from: startFrom, merge_from: mergeFrom };
  const plan = useRunPlan(networkId, data, starts, proposal?.config);
  const estimate = useEstimate(networkId, data);
  const start = useStartRun(networkId);
  const navigate = useNavigate();
  const client = useQueryClient();
  const { config } = plan;

  const fix = (chosen: RunFix) => {
    void onFix?.(chosen).then(() => client.invalidateQueries({ queryKey: runCheckKey(networkId) }));
  };
  const press = () => {
    if (!config) return;
    start.mutate(
      { config, name: name.trim(), ...data, ...starts },
      {
        onSuccess: (run) => {
          void client.invalidateQueries({ queryKey: ['runs', 'list'] });
          onClose();
          if (onStarted) onStarted(run);
          else void navigate({ to: '/runs/$runId', params: { runId: run.id } });
        },
      },
    );
  };

  return (
    <div className={classes.form}>
      <div className={classes.data}>
        <DatasetSelect
          value={dataset}
          onChange={(next) => {
            if (next !== dataset) setVersion(null);
            setChosen(next);
          }}
        />
        <VersionSelect
          datasetId={dataset}
          value={version}
          onChange={setVersion}
          testId={TESTIDS.training.version}
        />
        <TextInput
          label="Name"
          placeholder="Optional"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid={TESTIDS.training.name}
        />
      </div>
      {plan.check && !isFilling(plan.check) && (
        <p className={classes.counts}>
          {formatCount(plan.check.num_train)} images to train on, {formatCount(plan.check.num_validation)} to validate,{' '}
          {formatCount(plan.check.num_test)} kept for the test.
        </p>
      )}
      {plan.error && <ProblemNotice error={plan.error} />}
      {plan.check && <ProblemList problems={plan.check.problems} onFix={onFix && fix} />}
      {config && (
        <>
          <div className={classes.basic}>
            {plan.fields
              .filter(({ path }) => BASIC_PATHS.includes(path))
              .toSorted((a, b) => BASIC_PATHS.indexOf(a.path) - BASIC_PATHS.indexOf(b.path))
              .map((field) => (
                <ConfigInput
                  key={field.path}
                  field={field}
                  value={valueAt(config, field.path)}
                  typed={plan.typed[field.path]}
                  onChange={(value) => plan.set(field.path, value)}
                  onType={(text) => plan.type(field.path, text)}
                />
              ))}
            <StartFromSelect
              label="Start from"
              none="random weights"
              testId={TESTIDS.training.startFrom}
              networkId={networkId}
              value={startFrom}
              onChange={setStartFrom}
            />
            {(startFrom !== null || mergeFrom !== null) && (
              <StartFromSelect
                label="Merged layers start from"
                none="no network was merged"
                testId={TESTIDS.training.mergeFrom}
                networkId={networkId}
                value={mergeFrom}
                onChange={setMergeFrom}
              />
            )}
          </div>
          <ExpertSections
            fields={plan.fields.filter(({ path }) => !BASIC_PATHS.includes(path))}
            config={config}
            defaults={plan.defaults ?? config}
            network={network}
            datasetId={dataset}
            typed={plan.typed}
            onChange={plan.set}
            onType={plan.type}
          />
        </>
      )}
      {start.error && <ProblemNotice error={start.error} />}
      <DialogFooter>
        {config && <EstimateLine estimate={estimate} config={config} isPossible={plan.canStart} />}
        <Button
          leftSection={<IconPlayerPlayFilled size={14} />}
          disabled={!plan.canStart}
          loading={start.isPending}
          onClick={press}
          data-testid={TESTIDS.training.start}
        >
          Start training
        </Button>
      </DialogFooter>
    </div>
  );
}

function DatasetSelect({ value, onChange }: { value: string | null; onChange: (datasetId: string) => void }) {
  const project = useProject();
  const { data: datasets = [] } = useQuery({ ...datasetsQuery(project?.id ?? ''), enabled: project !== null });
  return (
    <Select
      label="Data"
      placeholder="Choose a dataset"
      data={datasets.map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={(id) => id !== null && onChange(id)}
      data-testid={TESTIDS.training.dataset}
    />
  );
}
