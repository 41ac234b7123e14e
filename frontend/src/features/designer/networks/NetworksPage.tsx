import { Button } from '@mantine/core';
import { IconFileImport, IconPlus, IconTopologyStar3, IconTransform } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { BinLink } from '@/features/bin';
import { plural, roleAllows, useProject } from '@/lib';
import { EmptyState, PageHeader, ProblemNotice } from '@/ui';
import { ImportNetworkDialog } from '../imports/ImportNetworkDialog';
import { WaitingWeights } from '../imports/WaitingWeights';
import { DESIGNER_IDS } from '../testids';
import { ZooLink } from '../zoo/ZooLink';
import { NetworkCard } from './NetworkCard';
import classes from './Networks.module.css';
import { NewNetworkDialog } from './NewNetworkDialog';
import type { Source } from '../transfer/source';
import { TransferDialog } from '../transfer/TransferDialog';
import { networksQuery } from './queries';

type NetworksDialog = 'new' | 'import' | 'transfer';

const route = getRouteApi('/frame/networks');

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
  const { start, network: transferOf, zoo, weights } = route.useSearch();
  const from = transferSource(transferOf, zoo, weights);
  const navigate = useNavigate();
  const open = (dialog: NetworksDialog, network?: string): void =>
    void navigate({
      to: '.',
      search: { start: dialog, ...(network === undefined ? {} : { network }) },
    });
  // What the dialog made may be open by now: that page stays.
  const close = (): void => void navigate({ to: '.', search: {}, replace: true });
  const importButton = canEdit && (
    <Button
      variant="default"
      leftSection={<IconFileImport size={16} />}
      data-testid={DESIGNER_IDS.importNetwork}
      onClick={() => open('import')}
    >
      Import
    </Button>
  );
  const transferButton = canEdit && (
    <Button
      variant="default"
      leftSection={<IconTransform size={16} />}
      data-testid={DESIGNER_IDS.transferOpen}
      onClick={() => open('transfer')}
    >
      Transfer learning
    </Button>
  );
  const newButton = canEdit && (
    <Button
      leftSection={<IconPlus size={16} />}
      data-testid={DESIGNER_IDS.newNetwork}
      onClick={() => open('new')}
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
              <ZooLink />
              {transferButton}
              {importButton}
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
          Start from a template that fits itself to your data, draw one from nothing, or drop the
          file of a network here.
        </EmptyState>
      )}
      {project !== null && <WaitingWeights projectId={projectId} canEdit={canEdit} />}
      <div className={classes.grid}>
        {networks?.map((network) => (
          <NetworkCard
            key={network.id}
            network={network}
            canEdit={canEdit}
            onTransfer={() => open('transfer', network.id)}
          />
        ))}
      </div>
      {canEdit && start === 'import' && (
        <ImportNetworkDialog projectId={projectId} onClose={close} />
      )}
      {canEdit && start === 'new' && (
        <NewNetworkDialog projectId={projectId} onClose={close} />
      )}
      {canEdit && start === 'transfer' && (
        <TransferDialog
          projectId={projectId}
          {...(from === undefined ? {} : { from })}
          onClose={close}
        />
      )}
    </>
  );
}

function transferSource(network?: string, zoo?: string, weights?: string): Source | undefined {
  if (network !== undefined) return { kind: 'network', id: network };
  if (zoo === undefined) return undefined;
  return { kind: 'zoo', key: zoo, ...(weights === undefined ? {} : { weights }) };
}
