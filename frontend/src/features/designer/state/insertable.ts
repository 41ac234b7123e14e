/** What a person can insert under one key each: layer types, library blocks, this network's blocks. */

import { applyOperations } from '../document/apply';
import { placeBlock } from '../document/libraryBlock';
import { baseName } from '../document/names';
import type { Operation } from '../document/operations';
import { portsIn, type NodePorts } from '../document/ports';
import { lookup } from '../document/records';
import { blockUses } from '../document/scope';
import { BLOCK, makeNode, type Document, type Node } from '../document/types';
import { insertableLayers, newLayerNode } from './catalog';
import type { LayerDescription, LibraryBlock, TemplateInfo } from './contract';
import type { Designer } from './DesignerContext';
import { acceptedByBlock, acceptedByLayer } from './fitting';
import { searchCatalog, type Searchable } from './search';

export interface Insertable extends Searchable {
  /** `layer:Conv2d`, `library:residual`, `block:<id>` or `template:unet`. */
  readonly key: string;
  readonly icon: string;
  readonly hue: number;
}

/** Something to be inserted, with all it needs. */
export interface Wanted {
  readonly node: Node;
  /** What has to be there first: the definitions of a library block. */
  readonly setup: readonly Operation[];
  /** Overrides that are to be the number of channels or features that arrive. */
  readonly follows: readonly string[];
}

const LAYER = 'layer:';
const LIBRARY = 'library:';
const BLOCK_KEY = 'block:';
const TEMPLATE = 'template:';
const LIBRARY_CATEGORY = 'Blocks';

/** @param templates Offered as well, once something is typed. */
export function insertables(
  designer: Designer,
  query: string,
  templates: readonly TemplateInfo[] = [],
): Insertable[] {
  const { catalog, editor } = designer;
  const offered = query.trim() === '' ? [] : templates;
  return searchCatalog(
    [
      ...insertableLayers(catalog, editor.scopeId).map(ofLayer),
      ...catalog.blocks.map((block) => ofLibrary(designer, block)),
      ...insertableBlocks(designer),
      ...offered.map(ofTemplate),
    ],
    query,
  );
}

function ofTemplate({ id, title, summary, family, task }: TemplateInfo): Insertable {
  const category = `Template: ${family}`;
  return {
    key: TEMPLATE + id,
    type: id,
    title,
    summary,
    category,
    aliases: [task],
    icon: 'affiliate',
    hue: 215,
  };
}

/** The template a key names; null when it names something else. */
export function templateOfKey(key: string): string | null {
  return key.startsWith(TEMPLATE) ? key.slice(TEMPLATE.length) : null;
}

/** Orders of axes that what a key stands for takes; null for any. */
export function acceptedByKey({ catalog, editor }: Designer, key: string): readonly string[] | null {
  if (key.startsWith(LAYER)) return acceptedByLayer(catalog, key.slice(LAYER.length));
  const entry = catalog.blocks.find(({ id }) => key === LIBRARY + id);
  if (entry !== undefined) return acceptedByBlock(catalog, entry.blocks, entry.blockId);
  if (!key.startsWith(BLOCK_KEY)) return null;
  return acceptedByBlock(catalog, editor.state.document.graph.blocks, key.slice(BLOCK_KEY.length));
}

function ofLayer(layer: LayerDescription): Insertable {
  const { type, title, summary, category, aliases, icon, hue } = layer;
  return { key: LAYER + type, type, title, summary, category, aliases, icon, hue };
}

function ofLibrary({ catalog }: Designer, block: LibraryBlock): Insertable {
  const { id, title, summary, aliases, icon } = block;
  const hue = catalog.byType.get(BLOCK)?.hue ?? 240;
  const category = LIBRARY_CATEGORY;
  return { key: LIBRARY + id, type: id, title, summary, category, aliases, icon, hue };
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
        type: block.name,
        title: block.name,
        summary: `A block of this network with ${count} ${count === 1 ? 'layer' : 'layers'}.`,
        category: 'Blocks of this network',
        aliases: [],
        icon: layer?.icon ?? 'box',
        hue: layer?.hue ?? 240,
      },
    ];
  });
}

/** What a key stands for; null when it names nothing that can be inserted. */
export function wantedOf({ catalog, editor }: Designer, key: string): Wanted | null {
  const { document } = editor.state;
  if (key.startsWith(LAYER)) {
    const layer = catalog.byType.get(key.slice(LAYER.length));
    return layer === undefined ? null : { node: newLayerNode(layer), setup: [], follows: [] };
  }
  if (key.startsWith(LIBRARY)) {
    const entry = catalog.blocks.find(({ id }) => id === key.slice(LIBRARY.length));
    if (entry === undefined) return null;
    const placed = placeBlock(document, editor.scopeId, entry, entry.blockId);
    const node = makeNode(BLOCK, entry.id, { block: placed.blockId });
    return { node, setup: placed.operations, follows: entry.follows };
  }
  if (!key.startsWith(BLOCK_KEY)) return null;
  const blockId = key.slice(BLOCK_KEY.length);
  const block = lookup(document.graph.blocks, blockId);
  if (block === undefined) return null;
  const node = makeNode(BLOCK, baseName(block.name), { block: blockId });
  return { node, setup: [], follows: [] };
}

/** The ports of what a key stands for, without bringing anything into the document. */
export function portsOfKey(designer: Designer, key: string): NodePorts {
  const { catalog, editor } = designer;
  const entry = catalog.blocks.find(({ id }) => key === LIBRARY + id);
  const { document } = editor.state;
  if (entry !== undefined) {
    const graph = { ...document.graph, blocks: entry.blocks };
    const node = makeNode(BLOCK, entry.id, { block: entry.blockId });
    return portsIn({ ...document, graph }, catalog.layerPorts)(node);
  }
  const wanted = wantedOf(designer, key);
  if (wanted === null) return { inputs: [], outputs: [] };
  return portsIn(document, catalog.layerPorts)(wanted.node);
}

/** The document as it is once all that `wanted` needs is there. */
export function readyFor({ editor }: Pick<Designer, 'editor'>, { setup }: Wanted): Document {
  const { document } = editor.state;
  return setup.length === 0 ? document : applyOperations(document, setup).document;
}
