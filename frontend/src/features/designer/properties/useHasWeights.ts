import { lookup } from '../document/records';
import { useAnalysis, useEditor } from '../state/DesignerContext';
import { pathPrefixOf } from '../state/editorPlace';
import type { Chosen } from './shared';

/** Whether any of the nodes has, or may yet turn out to have, numbers to learn. */
export function useHasWeights(chosen: readonly Chosen[]): boolean {
  const prefix = useEditor(pathPrefixOf);
  return useAnalysis((state) =>
    chosen.some(({ id, node }) => {
      const parameters = lookup(state.nodes, prefix + id)?.parameters;
      if (node.weights_of !== undefined) return true;
      return node.is_frozen || parameters === undefined || parameters > 0;
    }),
  );
}
