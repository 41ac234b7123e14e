/** The problems of what is drawn, for components. */

import { useShallow } from 'zustand/react/shallow';
import type { Diagnostic } from '@/api';
import { useAnalysis, useEditor } from './DesignerContext';
import { pathPrefixOf } from './editorPlace';
import { problemsAt, problemsInside, worstOf } from './problems';

function usePath(nodeId: string): string {
  return useEditor(pathPrefixOf) + nodeId;
}

/** Problems of a layer, by default of the open scope. */
export function useProblems(nodeId: string, path?: string): readonly Diagnostic[] {
  const here = usePath(nodeId);
  return useAnalysis(useShallow((state) => problemsAt(state.problems, nodeId, path ?? here)));
}

/** Problems within the block that a layer uses, by default of the open scope. */
export function useProblemsInside(
  nodeId: string,
  blockId: string | null,
  path?: string,
): readonly Diagnostic[] {
  const here = usePath(nodeId);
  return useAnalysis(useShallow((state) => problemsInside(state.problems, blockId, path ?? here)));
}

/** How bad what is wrong with an edge is. */
export function useEdgeSeverity(edgeId: string): Diagnostic['severity'] | undefined {
  return useAnalysis((state) => worstOf(state.problems.edges.get(edgeId) ?? [])?.severity);
}
