import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '@/api';
import { applyOperations } from '../document/apply';
import { groupIntoBlock } from '../document/groupBlock';
import { portsFor, residual } from '../document/testDocument';
import type { Document, ParamValue } from '../document/types';
import { makeCatalog } from '../state/catalog';
import type { LayerDescription } from '../state/contract';
import { findLayers } from './find';

const [layers] = Object.values(
  import.meta.glob<LayerDescription[]>('../../../../../schema/layers.json', {
    eager: true,
    import: 'default',
  }),
);
const catalog = makeCatalog(layers ?? []);

const withParam = (name: string, value: ParamValue): Document =>
  applyOperations(residual(), [
    { op: 'set_param', scope: null, node_id: 'conv', param: name, is_set: true, value },
  ]).document;

function names(document: Document, query: string, diagnostics: readonly Diagnostic[] = []) {
  return findLayers(document, catalog, diagnostics, query).map(({ name }) => name);
}

const mismatch: Diagnostic = {
  code: 'shape_mismatch',
  severity: 'error',
  message: 'Add needs two equal shapes.',
  node_id: 'add',
  edge_id: null,
  port: null,
  param: null,
  scope: null,
  path: null,
  fixes: [],
};

describe('finding layers', () => {
  it('reads names, types and aliases, in the order of computation', () => {
    expect(names(residual(), 're')).toContain('relu');
    expect(names(residual(), 'Conv2d')).toEqual(['conv']);
    expect(names(residual(), 'out')).toContain('output');
    expect(names(residual(), '  ')).toEqual([]);
    expect(names(residual(), 'conv relu')).toEqual([]);
  });

  it('compares parameters, set or not', () => {
    const document = withParam('kernel_size', [5, 3]);
    expect(names(document, 'kernel_size=5x3')).toEqual(['conv']);
    expect(names(document, 'kernel_size = 3')).toEqual([]);
    expect(names(withParam('kernel_size', [7, 7]), 'kernel_size=7')).toEqual(['conv']);
    expect(names(residual(), 'kernel_size=3')).toEqual(['conv']);
    expect(names(residual(), 'out_channels>=8 conv')).toEqual(['conv']);
    expect(names(residual(), 'out_channels>8')).toEqual([]);
    expect(names(residual(), 'bias!=false')).toEqual(['conv']);
  });

  it('finds notes and problems, and says so', () => {
    const { document } = applyOperations(residual(), [
      { op: 'set_attribute', scope: null, node_id: 'relu', attribute: 'note', value: 'From the paper' },
    ]);
    const [found] = findLayers(document, catalog, [], 'paper');
    expect(found?.why).toBe('note: From the paper');
    expect(names(document, 'problem', [mismatch])).toEqual(['add']);
    expect(names(document, 'equal shapes', [mismatch])).toEqual(['add']);
    expect(names(document, 'problem')).toEqual([]);
  });

  it('looks into blocks, once each, and names the way', () => {
    const grouped = groupIntoBlock(residual(), null, ['relu'], 'Inner', portsFor(residual()));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const { document } = applyOperations(residual(), grouped.operations);
    expect(findLayers(document, catalog, [], 'relu')).toMatchObject([
      { name: 'relu', blocks: ['Inner'] },
    ]);
  });
});
