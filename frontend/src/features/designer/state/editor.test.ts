import { describe, expect, it } from 'vitest';
import { groupIntoBlock } from '../document/groupBlock';
import { removeSelected } from '../document/remove';
import { portsFor, residual } from '../document/testDocument';
import { Editor } from './editor';
import { trailOf } from './editorPlace';
import { freePlace } from './placement';

describe('Editor', () => {
  it('selects what an edit made, and forgets what it removed', () => {
    const editor = new Editor(residual(), true);
    editor.select(['conv', 'relu']);
    const { document } = editor.state;
    editor.perform('Delete', removeSelected(document, null, { nodeIds: ['relu'], edgeIds: [] }));
    expect([...editor.state.nodeIds]).toEqual(['conv']);
    editor.undo();
    expect(editor.state.document).toEqual(document);
  });

  it('refuses with a sentence and changes nothing for a person who may only look', () => {
    const editor = new Editor(residual(), false);
    const { document } = editor.state;
    expect(editor.perform('Rename', [{ op: 'set_graph_name', name: 'Other' }])).toBe(false);
    expect(editor.state.document).toBe(document);
    expect(editor.state.notice?.text).toContain('not change it');
  });

  it('leaves a block that an undo takes away', () => {
    const editor = new Editor(residual(), true);
    const grouped = groupIntoBlock(editor.state.document, null, ['relu', 'add'], 'Residual', portsFor(editor.state.document));
    if ('refused' in grouped) throw new Error(grouped.refused);
    editor.perform('Make a block', grouped.operations, { select: grouped.nodeIds });
    editor.enter(grouped.nodeIds[0]!);
    expect(editor.scopeId).not.toBeNull();
    expect(Object.keys(editor.scope.nodes)).toHaveLength(4);
    editor.undo();
    expect(editor.scopeId).toBeNull();
  });

  it('edits in place what is expanded, and remembers which canvas is open', () => {
    const editor = new Editor(residual(), true);
    const { document } = editor.state;
    const grouped = groupIntoBlock(document, null, ['relu', 'add'], 'Residual', portsFor(document));
    if ('refused' in grouped) throw new Error(grouped.refused);
    editor.perform('Make a block', grouped.operations, { select: grouped.nodeIds });
    const [instanceId = ''] = grouped.nodeIds;
    const before = editor.state.document;
    editor.expand(instanceId);
    expect(editor.state.document).toBe(before);
    expect([...editor.state.expanded]).toEqual([instanceId]);

    const inside = trailOf(before, `${instanceId}/relu`) ?? [];
    editor.goTo(inside);
    expect([editor.state.depth, editor.scopeId]).toEqual([0, inside[0]?.blockId]);
    editor.perform('Rename', [
      {
        op: 'set_attribute',
        scope: editor.scopeId,
        node_id: 'relu',
        attribute: 'name',
        value: 'activation',
      },
    ]);
    editor.undo();
    expect(editor.state.trail).toEqual(inside);
    editor.collapse(instanceId);
    expect([editor.state.trail.length, editor.state.expanded.size]).toEqual([0, 0]);
    expect([...editor.state.nodeIds]).toEqual([instanceId]);

    editor.enter(instanceId);
    expect(editor.state.depth).toBe(1);
    editor.leaveTo(0);
    expect(editor.state.depth).toBe(0);
    editor.goTo(inside);
    expect(editor.state.depth).toBe(1);
  });

  it('offers to take back only the step that a notice is about', () => {
    const editor = new Editor(residual(), true);
    editor.perform('Rename', [{ op: 'set_graph_name', name: 'Other' }]);
    editor.say('Renamed.', { offersUndo: true });
    expect(editor.state.notice?.undoes).toBe(editor.state.history.past.at(-1));
    editor.perform('Rename', [{ op: 'set_graph_name', name: 'Another' }]);
    expect(editor.state.notice?.undoes).not.toBe(editor.state.history.past.at(-1));
    editor.say('No such port.');
    expect(editor.state.notice?.undoes).toBeNull();
  });

  it('finds room for what is pasted below the layers it would cover', () => {
    const editor = new Editor(residual(), true);
    const place = freePlace({ editor }, { x: 40, y: 40 }, { width: 416, height: 92 });
    expect(place.x).toBe(40);
    expect(place.y).toBeGreaterThanOrEqual(92);
    expect(freePlace({ editor }, { x: 40, y: 400 })).toEqual({ x: 40, y: 400 });
  });

  it('tells every edit that is to be saved, undo and redo included', () => {
    const editor = new Editor(residual(), true);
    const told: string[] = [];
    editor.onOperations((_operations, label) => told.push(label));
    editor.perform('Rename', [{ op: 'set_graph_name', name: 'Other' }]);
    editor.undo();
    editor.redo();
    expect(told).toEqual(['Rename', 'Undo: Rename', 'Redo: Rename']);
  });
});
