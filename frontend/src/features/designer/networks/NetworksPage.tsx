import { Button } from '@mantine/core';
import { IconPlus, IconTopologyStar3 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { BinLink } from '@/features/bin';
import { plural, roleAllows, useCommands, useProject } from '@/lib';
import { EmptyState, PageHeader, ProblemNotice } from '@/ui';
import { DESIGNER_IDS } from '../testids';
import { NetworkCard } from './NetworkCard';
import classes from './Networks.module.css';
import { NewNetworkDialog } from './NewNetworkDialog';
import { networksQuery } from './queries';

export function NetworksPage() {
  const project = useProject();
  const projectId = project?.id ?? '';
  const {
    data: networks,
    error,
    refetch,
  } = useQuery({
    ...networksQuery(projectId),
    enabled: project !== null,
  });
  const canEdit = project !== null && roleAllows(project.role, 'editor');
  const [isNew, setNew] = useState(false);
  useCommands(
    'networks',
    useMemo(
      () =>
        canEdit
          ? [
              {
                id: 'new-network',
                label: 'New network',
                group: 'Networks',
                perform: () => setNew(true),
              },
            ]
          : [],
      [canEdit],
    ),
  );
  const newButton = canEdit && (
    <Button
      leftSection={<IconPlus size={16} />}
      data-testid={DESIGNER_IDS.newNetwork}
      onClick={() => setNew(true)}
    >
      New network
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Networks"
        meta={networks === undefined ? undefined : plural(networks.length, 'network')}
        actions={
          canEdit && (
            <>
              <BinLink />
              {newButton}
            </>
          )
        }
      />
      {error !== null && <ProblemNotice error={error} onRetry={() => void refetch()} />}
      {networks?.length === 0 && (
        <EmptyState
          icon={<IconTopologyStar3 size={26} stroke={1.5} />}
          title="No networks yet"
          action={newButton}
        >
          Start from a template that fits itself to your data, or draw one from nothing.
        </EmptyState>
      )}
      <div className={classes.grid}>
        {networks?.map((network) => (
          <NetworkCard key={network.id} network={network} canEdit={canEdit} />
        ))}
      </div>
      {isNew && <NewNetworkDialog projectId={projectId} onClose={() => setNew(false)} />}
    </>
  );
}
