import { Select } from '@mantine/core';
import { IconDatabase } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { asProblem } from '@/api';
import { datasetsQuery } from '@/features/datasets';
import { updateNetwork } from '../state/api';
import { useDesigner, useEditor } from '../state/DesignerContext';
import { useAdoptNetwork, useNetworkMeta } from '../state/networkMeta';
import { DESIGNER_IDS } from '../testids';
import { useBinnedData } from './BinnedData';
import classes from './TopStrip.module.css';

/** The data this network is meant for: gives a sample, the classes, and problems that follow. */
export function DatasetPicker() {
  const { networkId, projectId, editor } = useDesigner();
  const { dataset_id: datasetId } = useNetworkMeta();
  const canEdit = useEditor((state) => state.canEdit);
  const { data: datasets } = useQuery(datasetsQuery(projectId));
  const binned = useBinnedData()?.binned;
  const adopt = useAdoptNetwork();
  const bind = useMutation({
    mutationFn: (id: string | null) => updateNetwork(networkId, { dataset_id: id }),
    onSuccess: adopt,
    onError: (error) => editor.say(asProblem(error).message),
  });
  return (
    <Select
      className={classes.picker}
      size="xs"
      aria-label="Data"
      placeholder="Choose data"
      leftSection={<IconDatabase size={15} stroke={1.7} />}
      clearable
      disabled={!canEdit}
      data={[
        ...(datasets ?? []).map(({ id, name }) => ({ value: id, label: name })),
        ...(binned ? [{ value: binned.id, label: `${binned.name} (in the bin)` }] : []),
      ]}
      value={datasetId}
      data-testid={DESIGNER_IDS.datasetPicker}
      onChange={(id) => {
        if (id !== datasetId) bind.mutate(id);
      }}
    />
  );
}
