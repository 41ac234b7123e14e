import type { Designer } from './DesignerContext';

/** Shows what an act added, once it is drawn; the view stays where it is when all of it is seen. */
export function bringIntoView({ panels }: Pick<Designer, 'panels'>, nodeIds: readonly string[]): void {
  if (nodeIds.length === 0) return;
  requestAnimationFrame(() => panels.canvas?.reveal(nodeIds));
}
