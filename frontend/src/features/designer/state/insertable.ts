/** What a person can insert: layer types and the blocks of this network, under one key each. */

import { baseName } from '../document/names';
import { lookup } from '../document/records';
import { blockUses } from '../document/scope';
import { BLOCK, makeNode, type Node } from '../document/types';
import { insertableLayers, newLayerNode, searchLayers } from './catalog';
import type { LayerDescription } from './contract';
import type { Designer } from './DesignerContext';

export interface Insertable {
  /** `layer:Conv2d` or `block:<id>`. */
  readonly key: string;
  readonly title: string;
  readonly summary: string;
  readonly category: string;
  readonly icon: string;
  readonly hue: number;
}

const LAYER = 'layer:';
const BLOCK_KEY = 'block:';

export function insertables(designer: Designer, query: string): Insertable[] {
  const { catalog, editor } = designer;
  const layers = searchLayers(insertableLayers(catalog, editor.scopeId), query).map(ofLayer);
  const blocks = insertableBlocks(designer).filter(({ title }) =>
    title.toLowerCase().includes(query.trim().toLowerCase()),
  );
  return [...layers, ...blocks];
}

function ofLayer(layer: LayerDescription): Insertable {
  const { type, title, summary, category, icon, hue } = layer;
  return { key: LAYER + type, title, summary, category, icon, hue };
}

/** Blocks of this network that would not end up within themselves. */
export function insertableBlocks({ editor, catalog }: Designer): Insertable[] {
  const { document } = editor.state;
  const { scopeId } = editor;
  const layer = catalog.byType.get(BLOCK);
  return Object.entries(document.graph.blocks).flatMap(([blockId, block]) => {
    if (scopeId !== null && blockUses(document, blockId, scopeId)) return [];
    const count = Object.keys(block.nodes).length - block.inputs.length - block.outputs.length;
    return [
      {
        key: BLOCK_KEY + blockId,
        title: block.name,
        summary: `A block of this network with ${count} ${count === 1 ? 'layer' : 'layers'}.`,
        category: 'Blocks of this network',
        icon: layer?.icon ?? 'box',
        hue: layer?.hue ?? 240,
      },
    ];
  });
}

/** A new node for a key; null when it names nothing that can be inserted. */
export function insertableNode({ catalog, editor }: Designer, key: string): Node | null {
  if (key.startsWith(LAYER)) {
    const layer = catalog.byType.get(key.slice(LAYER.length));
    return layer === undefined ? null : newLayerNode(layer);
  }
  if (!key.startsWith(BLOCK_KEY)) return null;
  const blockId = key.slice(BLOCK_KEY.length);
  const block = lookup(editor.state.document.graph.blocks, blockId);
  if (block === undefined) return null;
  return makeNode(BLOCK, baseName(block.name), { block: blockId });
}
