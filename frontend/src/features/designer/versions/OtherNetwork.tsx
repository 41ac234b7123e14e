import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { listNetworks } from '../state/api';
import { useDesigner } from '../state/DesignerContext';
import { useComparing } from '../compare/useComparing';
import { DESIGNER_IDS } from '../testids';

/** Compare with another network of the project, as it is now. */
export function OtherNetwork() {
  const { networkId, projectId, comparing, saver, editor } = useDesigner();
  const chosen = useComparing((state) => state.before?.network_id ?? null);
  const { data: networks } = useQuery({
    queryKey: ['networks', projectId],
    queryFn: () => listNetworks(projectId),
  });
  const others = (networks ?? []).filter(({ id }) => id !== networkId);
  const compare = async (id: string): Promise<void> => {
    await saver.flush();
    comparing.begin({ network_id: id }, others.find((each) => each.id === id)?.name ?? 'it');
    editor.select([]);
  };
  const isAlone = networks !== undefined && others.length === 0;
  return (
    <Select
      size="xs"
      w={220}
      searchable
      clearable
      aria-label="Compare with another network"
      placeholder={isAlone ? 'No other network to compare with' : 'Compare with another network…'}
      disabled={isAlone}
      data={others.map(({ id, name }) => ({ value: id, label: name }))}
      value={chosen}
      data-testid={DESIGNER_IDS.compareOther}
      onChange={(id) => {
        if (id === null) comparing.leave();
        else void compare(id);
      }}
    />
  );
}
