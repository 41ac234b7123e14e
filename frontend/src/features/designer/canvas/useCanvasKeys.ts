import type { KeyboardEvent } from 'react';
import { useEffect, type RefObject } from 'react';
import { lookup } from '../document/records';
import { computationOrder } from '../document/scope';
import { deleteSelection, pasteText, selectionText } from '../state/clipboardText';
import { commandForKey } from '../state/commands';
import { useDesigner, type Designer } from '../state/DesignerContext';
import { pathPrefixOf } from '../state/editorPlace';
import { onEdgeKey } from './edgeKeys';
import { asArrow, firstCard, neighbour } from './keyboard';
import type { Scene } from './scene';

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

/** The keys of the canvas: arrows walk along the network, Enter edits, letters are commands. */
export function useCanvasKeys(scene: Scene) {
  const designer = useDesigner();
  const { editor, panels } = designer;
  return (event: KeyboardEvent): void => {
    if (isTyping(event.target) || event.defaultPrevented) return;
    const command = commandForKey(designer, event);
    if (command !== null) {
      event.preventDefault();
      event.stopPropagation();
      command.perform(designer);
      return;
    }
    const arrow = asArrow(event.key);
    if (onEdgeKey(designer, event, arrow)) return;
    const [current] = [...editor.state.nodeIds].reverse();
    if (arrow !== null && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const next =
        current === undefined ? firstCard(scene) : neighbour(scene, editor.scope, current, arrow);
      if (next === null) return;
      editor.select(event.shiftKey ? [...editor.state.nodeIds, next] : [next]);
      panels.canvas?.reveal([next]);
      editor.announce(describe(designer, scene, next));
      return;
    }
    if (event.key === 'Enter' && current !== undefined) {
      event.preventDefault();
      const node = lookup(editor.scope.nodes, current);
      if (node?.block != null && !event.shiftKey) goInside(designer, current);
      else editSettings(designer, node?.type);
    }
  };
}

/** Into a block: where it is expanded in place, else on a canvas of its own. */
function goInside({ editor }: Designer, instanceId: string): void {
  const { trail, expanded } = editor.state;
  const blockId = lookup(editor.scope.nodes, instanceId)?.block;
  if (blockId == null) return;
  if (!expanded.has(editor.pathOf(instanceId))) {
    editor.enter(instanceId);
    return;
  }
  editor.goTo([...trail, { instanceId, blockId }]);
  const [first] = computationOrder(editor.scope);
  if (first !== undefined) editor.select([first]);
}

/** Put the keyboard into the first setting of a layer, or onto its name when it has none. */
function editSettings({ catalog, panels }: Designer, type: string | undefined): void {
  const params = catalog.byType.get(type ?? '')?.params ?? [];
  const first = params.find(({ section, is_advanced }) => section === '' && !is_advanced);
  if (first === undefined) panels.set({ focusName: panels.store.getState().focusName + 1 });
  else panels.set({ focusParam: first.name });
}

function describe({ catalog, editor, live }: Designer, scene: Scene, id: string): string {
  const node = scene.cards.get(id)?.node;
  if (node === undefined) return '';
  const { nodes } = live.store.getState();
  const shape = lookup(nodes, pathPrefixOf(editor.state) + id)?.output_text ?? '';
  const title = catalog.byType.get(node.type)?.title ?? node.type;
  return shape === '' ? `${node.name}, ${title}` : `${node.name}, ${title}, gives ${shape}`;
}

/** Copy, cut and paste while the keyboard is on the canvas. */
export function useClipboardEvents(root: RefObject<HTMLElement | null>): void {
  const designer = useDesigner();
  useEffect(() => {
    const isOurs = (): boolean => {
      const { activeElement } = document;
      const { home } = designer.panels;
      const isHere = (root.current?.contains(activeElement) ?? false) || activeElement === home;
      return (isHere || activeElement === document.body) && !isTyping(activeElement);
    };
    const copy = (event: ClipboardEvent): void => {
      const text = isOurs() ? selectionText(designer) : null;
      if (text === null || event.clipboardData === null) return;
      event.preventDefault();
      event.clipboardData.setData('text/plain', text);
      event.clipboardData.setData('application/json', text);
      const count = designer.editor.state.nodeIds.size;
      designer.editor.announce(count === 1 ? 'Copied' : `${count} layers copied`);
      if (event.type === 'cut' && designer.editor.state.canEdit) deleteSelection(designer, 'Cut');
    };
    const paste = (event: ClipboardEvent): void => {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (!isOurs() || text === '') return;
      event.preventDefault();
      void pasteText(designer, text);
    };
    document.addEventListener('copy', copy);
    document.addEventListener('cut', copy);
    document.addEventListener('paste', paste);
    return () => {
      document.removeEventListener('copy', copy);
      document.removeEventListener('cut', copy);
      document.removeEventListener('paste', paste);
    };
  }, [designer, root]);
}
