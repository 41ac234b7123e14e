import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { trailTo } from '../analysis/useGoTo';
import { useDesigner, useEditor, useSaver, type Designer } from '../state/DesignerContext';
import type { ComparingState, Step } from '../state/comparing';
import { compareStates } from '../state/historyApi';

export function useComparing<T>(selector: (state: ComparingState) => T): T {
  return useStore(useDesigner().comparing.store, selector);
}

/** Asks the server again whenever the network was saved: the drawing follows the edits. */
export function useComparison(): { error: unknown } {
  const { networkId, comparing, saver } = useDesigner();
  const before = useComparing((state) => state.before);
  const revision = useSaver((state) => state.revision);
  const { data, error } = useQuery({
    queryKey: ['network-comparison', networkId, before, revision],
    queryFn: async () => {
      await saver.flush();
      return before === null ? null : compareStates(networkId, before);
    },
    enabled: before !== null,
    placeholderData: (previous) => previous,
  });
  useEffect(() => {
    if (before !== null && data) comparing.show(before, data.comparison, data.before);
  }, [before, data, comparing]);
  useLeaveWithEscape();
  return { error };
}

function useLeaveWithEscape(): void {
  const { comparing, editor } = useDesigner();
  const isOn = useComparing((state) => state.before !== null);
  const hasSelection = useEditor(
    ({ nodeIds, edgeIds, frameIds }) => nodeIds.size + edgeIds.size + frameIds.size > 0,
  );
  useEffect(() => {
    if (!isOn || hasSelection) return;
    const listener = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      comparing.leave();
      editor.announce('Comparison left');
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [isOn, hasSelection, comparing, editor]);
}

/** Open the scope of a difference and bring it into view. */
export function showStep({ editor, comparing, panels }: Designer, step: Step | null): void {
  const before = comparing.store.getState().document;
  if (step === null || before === null) return;
  if (step.scope !== editor.scopeId) editor.goTo(trailTo(editor.state.document, step.scope));
  const edge =
    step.edgeId === null
      ? undefined
      : (editor.scope.edges[step.edgeId] ?? scopeEdges(before, step.scope)[step.edgeId]);
  const ids = step.nodeId === null ? [] : [step.nodeId];
  if (edge !== undefined) ids.push(edge.source.node, edge.target.node);
  // After React has drawn the scope that was opened.
  requestAnimationFrame(() => panels.canvas?.reveal(ids, before));
}

function scopeEdges(document: NonNullable<ComparingState['document']>, scope: string | null) {
  return scope === null ? document.graph.edges : (document.graph.blocks[scope]?.edges ?? {});
}
