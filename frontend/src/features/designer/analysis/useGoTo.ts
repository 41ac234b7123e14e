import { instancesOf, scopeOfNode } from '../document/scope';
import type { Document } from '../document/types';
import type { Step } from '../state/editor';
import { useDesigner } from '../state/DesignerContext';

/** Opens the scope a node lives in, selects it and brings it into view. */
export function useGoTo(): (nodeId: string) => void {
  const { editor, panels } = useDesigner();
  return (nodeId) => {
    const { document } = editor.state;
    const scope = scopeOfNode(document, nodeId);
    if (scope === undefined) return;
    if (scope !== editor.scopeId) editor.goTo(trailTo(document, scope));
    editor.select([nodeId]);
    requestAnimationFrame(() => panels.canvas?.reveal([nodeId]));
  };
}

/** A way into a block by its first instances. */
function trailTo(document: Document, blockId: string | null): Step[] {
  const steps: Step[] = [];
  const seen = new Set<string>();
  for (let current = blockId; current !== null && !seen.has(current);) {
    seen.add(current);
    const [instance] = instancesOf(document, current);
    if (instance === undefined) return [];
    steps.unshift({ instanceId: instance.nodeId, blockId: current });
    current = instance.scope;
  }
  return steps;
}
