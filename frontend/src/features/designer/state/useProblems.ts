/** The problems of what is drawn, for components. */

import { useShallow } from 'zustand/react/shallow';
import type { Diagnostic } from '@/api';
import { useAnalysis, useEditor } from './DesignerContext';
import { pathPrefixOf } from './editor';
import { problemsAt, problemsInside, worstOf } from './problems';

/** Problems of a layer of the open scope. */
export function useProblems(nodeId: string): readonly Diagnostic[] {
  const prefix = useEditor(pathPrefixOf);
  return useAnalysis(useShallow((state) => problemsAt(state.problems, nodeId, prefix + nodeId)));
}

/** Problems within the block that a layer of the open scope uses. */
export function useProblemsInside(nodeId: string, blockId: string | null): readonly Diagnostic[] {
  const prefix = useEditor(pathPrefixOf);
  return useAnalysis(
    useShallow((state) => problemsInside(state.problems, blockId, prefix + nodeId)),
  );
}

/** How bad what is wrong with an edge is. */
export function useEdgeSeverity(edgeId: string): Diagnostic['severity'] | undefined {
  return useAnalysis((state) => worstOf(state.problems.edges.get(edgeId) ?? [])?.severity);
}
