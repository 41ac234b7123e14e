import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { listNetworks } from '../state/api';
import { useDesigner } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Surgery.module.css';

interface NetworkFieldProps {
  value: string | null;
  onChange: (networkId: string | null) => void;
}

/** Another network of the project. */
export function NetworkField({ value, onChange }: NetworkFieldProps) {
  const { networkId, projectId } = useDesigner();
  const { data: networks = [] } = useQuery({
    queryKey: ['networks', projectId],
    queryFn: () => listNetworks(projectId),
  });
  const others = networks.filter(({ id }) => id !== networkId);
  return (
    <div className={classes.field}>
      <label htmlFor="surgery-network" className={classes.label}>
        Network
      </label>
      <Select
        id="surgery-network"
        size="xs"
        maw={280}
        searchable
        placeholder={others.length === 0 ? 'The project has no other network' : 'Choose a network'}
        data={others.map(({ id, name }) => ({ value: id, label: name }))}
        value={value}
        onChange={onChange}
        data-testid={DESIGNER_IDS.surgeryField('network')}
      />
    </div>
  );
}
