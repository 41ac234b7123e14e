import { instancesOf, scopeOfNode } from '../document/scope';
import type { Document } from '../document/types';
import { trailOf, type Step } from '../state/editorPlace';
import { useDesigner } from '../state/DesignerContext';

export interface Place {
  readonly nodeId: string;
  /** The use of a block to go into: `instance/inner`. */
  readonly path?: string | null;
  /** The field that is to take the keyboard. */
  readonly param?: string | null;
}

/** Opens the scope a node lives in, selects it and brings it into view. */
export function useGoTo(): (place: Place) => void {
  const { editor, panels } = useDesigner();
  return ({ nodeId, path, param }) => {
    const { document } = editor.state;
    const scope = scopeOfNode(document, nodeId);
    if (scope === undefined) return;
    const trail = (path == null ? null : trailOf(document, path)) ?? trailTo(document, scope);
    if (path != null || scope !== editor.scopeId) editor.goTo(trail);
    editor.select([nodeId]);
    panels.set({ focusParam: param ?? null });
    requestAnimationFrame(() => panels.canvas?.reveal([nodeId]));
  };
}

/** A way into a block by its first instances. */
export function trailTo(document: Document, blockId: string | null): Step[] {
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
