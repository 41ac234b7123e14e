import { describe, expect, it } from 'vitest';
import { applyOperations } from '../document/apply';
import { groupIntoBlock } from '../document/groupBlock';
import { portsFor, residual } from '../document/testDocument';
import { moveInTree, outlineRows } from './rows';

function grouped() {
  const edit = groupIntoBlock(residual(), null, ['relu'], 'Inner', portsFor(residual()));
  if ('refused' in edit) throw new Error(edit.refused);
  return applyOperations(residual(), edit.operations).document;
}

describe('the outline', () => {
  it('lists layers in the order of computation, with what feeds them', () => {
    const rows = outlineRows(residual(), new Set());
    expect(rows.map(({ node }) => node.name)).toEqual(['image', 'conv', 'relu', 'add', 'output']);
    expect(rows[3]).toMatchObject({ sources: ['relu', 'conv'], level: 1, place: 4, count: 5 });
  });

  it('opens blocks in place and walks in and out of them', () => {
    const document = grouped();
    const closed = outlineRows(document, new Set());
    const at = closed.findIndex(({ blockName }) => blockName === 'Inner');
    const path = closed[at]?.path ?? '';
    expect(moveInTree(closed, at, 'ArrowRight')).toEqual({ kind: 'open', path });
    const rows = outlineRows(document, new Set([path]));
    expect(rows.length).toBeGreaterThan(closed.length);
    const inner = rows[at + 1];
    expect(inner?.path).toBe(`${path}/${inner?.nodeId ?? ''}`);
    expect(inner?.level).toBe(2);
    expect(moveInTree(rows, at, 'ArrowRight')).toEqual({ kind: 'go', path: inner?.path });
    expect(moveInTree(rows, at + 1, 'ArrowLeft')).toEqual({ kind: 'go', path });
    expect(moveInTree(rows, at, 'ArrowLeft')).toEqual({ kind: 'close', path });
  });

  it('stays within itself and leaves other keys alone', () => {
    const rows = outlineRows(residual(), new Set());
    expect(moveInTree(rows, 0, 'ArrowUp')).toEqual({ kind: 'go', path: 'image' });
    expect(moveInTree(rows, 4, 'ArrowDown')).toEqual({ kind: 'go', path: 'out' });
    expect(moveInTree(rows, 4, 'Home')).toEqual({ kind: 'go', path: 'image' });
    expect(moveInTree(rows, 2, 'Delete')).toBeNull();
    expect(moveInTree([], 0, 'ArrowDown')).toBeNull();
  });
});
