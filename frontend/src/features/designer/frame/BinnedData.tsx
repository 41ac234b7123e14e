import { useQuery } from '@tanstack/react-query';
import { binnedOf, type BinnedRef } from '@/api';
import { datasetQuery } from '@/features/datasets';
import { ProblemNotice } from '@/ui';
import { useDesigner } from '../state/DesignerContext';
import { networkQuery, useNetworkMeta } from '../state/networkMeta';
import classes from './Workspace.module.css';

/** What the bin says of the data that the open network is bound to; null while it is not there. */
export function useBinnedData(): { binned: BinnedRef; error: Error } | null {
  const { dataset_id: datasetId } = useNetworkMeta();
  const { error } = useQuery({ ...datasetQuery(datasetId ?? ''), enabled: datasetId !== null });
  const binned = binnedOf(error);
  return error === null || binned === null ? null : { binned, error };
}

/**
 * Over the canvas while the network, its project or its data is in the bin: which, since when, and
 * the way back.
 */
export function BinnedData() {
  const { networkId } = useDesigner();
  const data = useBinnedData();
  const { error } = useQuery({ ...networkQuery(networkId), staleTime: Infinity });
  const found = binnedOf(error) === null ? data : { error };
  if (found === null) return null;
  return (
    <div className={classes.strip}>
      <ProblemNotice error={found.error} />
    </div>
  );
}
