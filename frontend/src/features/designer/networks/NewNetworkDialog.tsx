import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { datasetsQuery } from '@/features/datasets';
import { ProblemNotice, selectOnEntry } from '@/ui';
import { createNetwork } from '../state/api';
import { DESIGNER_IDS } from '../testids';
import { EMPTY, takesImages } from './emptyTemplate';
import { templatesQuery } from './queries';
import { TemplateList } from './TemplateList';
import { TemplatePreview } from './TemplatePreview';
import classes from './Templates.module.css';

interface NewNetworkDialogProps {
  projectId: string;
  onClose: () => void;
}

/** Choose a start and the data; a template fits itself to the data's size and classes. */
export function NewNetworkDialog({ projectId, onClose }: NewNetworkDialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: templates } = useQuery(templatesQuery);
  const { data: datasets } = useQuery(datasetsQuery(projectId));
  const [template, setTemplate] = useState('small_cnn');
  const [datasetId, setDatasetId] = useState<string | null | undefined>(undefined);
  const [typedName, setName] = useState<string | null>(null);
  const choices = [EMPTY, ...(templates ?? [])];
  const chosen = choices.find(({ id }) => id === template);
  // The data most people mean is the only or the last changed one; they see it and may clear it.
  const usual = chosen === undefined || takesImages(chosen) ? datasets?.[0] : undefined;
  const dataset =
    datasetId === undefined ? usual : datasets?.find(({ id }) => id === datasetId);
  const title = chosen === undefined || chosen === EMPTY ? 'Network' : chosen.title;
  const suggested = dataset === undefined ? title : `${title} for ${dataset.name}`;
  const name = typedName ?? suggested;
  const canCreate = name.trim() !== '' && chosen !== undefined;
  const create = useMutation({
    mutationFn: () =>
      createNetwork(projectId, {
        name: name.trim().slice(0, 120),
        ...(template === EMPTY.id ? {} : { template }),
        ...(dataset === undefined ? {} : { dataset_id: dataset.id }),
      }),
    onSuccess: async (network) => {
      void client.invalidateQueries({ queryKey: ['networks', projectId] });
      await navigate({ to: '/networks/$networkId', params: { networkId: network.id } });
    },
  });
  return (
    <Modal opened onClose={onClose} title="New network" size={940}>
      <form
        className={classes.layout}
        onSubmit={(event) => {
          event.preventDefault();
          if (canCreate) create.mutate();
        }}
      >
        <TemplateList templates={choices} chosen={template} onChoose={setTemplate} />
        <div className={classes.settings}>
          {chosen !== undefined && (
            <TemplatePreview template={chosen} datasetId={dataset?.id ?? null} />
          )}
          <Select
            label="Data"
            description="Image size, channels and the number of classes follow from it."
            placeholder="None: 64 × 64 colour images, 10 classes"
            clearable
            clearButtonProps={{ 'aria-label': 'No data' }}
            data={(datasets ?? []).map(({ id, name: label, classes: list }) => ({
              value: id,
              label: `${label} (${list.length} classes)`,
            }))}
            value={dataset?.id ?? null}
            data-testid={DESIGNER_IDS.newDataset}
            onChange={(id) => setDatasetId(id)}
          />
          <TextInput
            label="Name"
            value={name}
            maxLength={120}
            required
            data-testid={DESIGNER_IDS.newName}
            {...selectOnEntry}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {create.error !== null && <ProblemNotice error={create.error} />}
          <p className={classes.text}>
            Networks with trained weights are in the <Link to="/networks/zoo">zoo</Link>.
          </p>
          <Button
            type="submit"
            loading={create.isPending}
            disabled={!canCreate}
            data-testid={DESIGNER_IDS.newCreate}
          >
            Create
          </Button>
        </div>
      </form>
    </Modal>
  );
}
