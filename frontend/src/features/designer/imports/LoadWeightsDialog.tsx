import { lazy, Suspense } from 'react';
import { useDesigner, usePanels } from '../state/DesignerContext';

const ImportNetworkDialog = lazy(() =>
  import('./ImportNetworkDialog').then((module) => ({ default: module.ImportNetworkDialog })),
);

/** A file of weights for the network that is open. */
export function LoadWeightsDialog() {
  const { networkId, projectId, panels } = useDesigner();
  const isOpen = usePanels((state) => state.isLoadingWeights);
  if (!isOpen) return null;
  return (
    <Suspense fallback={null}>
      <ImportNetworkDialog
        projectId={projectId}
        networkId={networkId}
        onClose={() => panels.set({ isLoadingWeights: false })}
      />
    </Suspense>
  );
}
