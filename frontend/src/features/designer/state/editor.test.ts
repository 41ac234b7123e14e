import { describe, expect, it } from 'vitest';
import { groupIntoBlock } from '../document/groupBlock';
import { removeSelected } from '../document/remove';
import { residual } from '../document/testDocument';
import { Editor } from './editor';

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
    const grouped = groupIntoBlock(editor.state.document, null, ['relu', 'add'], 'Residual');
    if ('refused' in grouped) throw new Error(grouped.refused);
    editor.perform('Make a block', grouped.operations, { select: grouped.nodeIds });
    editor.enter(grouped.nodeIds[0]!);
    expect(editor.scopeId).not.toBeNull();
    expect(Object.keys(editor.scope.nodes)).toHaveLength(4);
    editor.undo();
    expect(editor.scopeId).toBeNull();
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
