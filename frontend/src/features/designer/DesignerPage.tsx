import { Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useSession } from '@/lib';
import { ProblemNotice } from '@/ui';
import classes from './frame/Workspace.module.css';
import { Workspace } from './frame/Workspace';
import { networkQuery } from './state/networkMeta';
import { useCatalog } from './state/useCatalog';

/** One network, open to be drawn. */
export function DesignerPage() {
  const { networkId } = useParams({ from: '/frame/networks/$networkId' });
  return <LoadNetwork key={networkId} networkId={networkId} />;
}

function LoadNetwork({ networkId }: { networkId: string }) {
  const { data: session } = useSession();
  const { catalog, error: catalogError, refetch } = useCatalog();
  // An edit must never begin on a document that was fetched for an earlier visit.
  const network = useQuery({ ...networkQuery(networkId), staleTime: 0, refetchOnMount: 'always' });
  const error = network.error ?? catalogError;
  if (error !== null && network.data === undefined) {
    return (
      <div className={classes.alone}>
        <ProblemNotice
          error={error}
          onRetry={() => {
            void network.refetch();
            refetch();
          }}
        />
      </div>
    );
  }
  const person = session?.person;
  const isReady = network.isFetchedAfterMount && network.data !== undefined;
  if (!isReady || catalog === null || person == null) {
    return (
      <div className={classes.loading}>
        <Loader size="sm" aria-label="Opening the network" />
      </div>
    );
  }
  return <Workspace network={network.data} catalog={catalog} person={person} />;
}
