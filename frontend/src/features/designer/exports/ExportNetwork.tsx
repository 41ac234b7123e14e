import { useQuery } from '@tanstack/react-query';
import { Suspense } from 'react';
import type { ExportGap } from '@/api';
import { ExportDialog, type WeightsGroup } from '@/features/exports';
import { runsQuery } from '@/features/training';
import { useGoTo } from '../analysis/useGoTo';
import { usePreviewWeights, weightsKey } from '../preview/usePreviewWeights';
import { useDesigner, usePanels } from '../state/DesignerContext';
import { useNetworkMeta } from '../state/networkMeta';

/** The network as it is drawn, to take away. */
export function ExportNetwork() {
  const isOpen = usePanels((state) => state.isExporting);
  return isOpen ? <Open /> : null;
}

function Open() {
  const { networkId, projectId, panels } = useDesigner();
  const { name } = useNetworkMeta();
  const goTo = useGoTo();
  const groups = useWeightsGroups();
  const { data: runs, isPending } = useQuery(runsQuery(projectId));
  const close = (): void => {
    panels.set({ isExporting: false });
    panels.canvas?.focus();
  };
  const showGap = (gap: ExportGap): void => {
    const nodeId = gap.path.split('/').at(-1);
    if (nodeId === undefined) return;
    panels.set({ isExporting: false });
    goTo({ nodeId, path: gap.path.includes('/') ? gap.path : null });
  };
  if (isPending) return null;
  // What the network has learned here comes before what it came with, and that before chance.
  const trained = runs?.find((run) => run.network_id === networkId && run.best_metric !== null);
  const brought = groups.flatMap((group) => group.items).find(({ weights }) => weights.kind === 'file');
  const chosen =
    trained === undefined
      ? (brought?.value ?? weightsKey({ kind: 'random', seed: 0 }))
      : weightsKey({ kind: 'run', run_id: trained.id, pick: 'best' });
  return (
    <Suspense fallback={null}>
      <ExportDialog
        networkId={networkId}
        name={name}
        groups={groups}
        chosen={chosen}
        onGap={showGap}
        onClose={close}
      />
    </Suspense>
  );
}

function useWeightsGroups(): WeightsGroup[] {
  const { groups, weightsOf } = usePreviewWeights();
  return groups.map(({ group, items }) => ({
    group,
    items: items.flatMap(({ value, label }) => {
      const weights = weightsOf(value);
      return weights === undefined || weights.kind === 'pretrained' ? [] : [{ value, label, weights }];
    }),
  }));
}
