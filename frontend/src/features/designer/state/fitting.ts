/** What can take the tensor that a connection would bring, by the orders of axes it declares. */

import { lookup } from '../document/records';
import { BLOCK_OUTPUT, type BlockDefinition, type Endpoint } from '../document/types';
import type { Catalog } from './catalog';
import type { Dim } from './contract';
import type { Designer } from './DesignerContext';
import { pathPrefixOf } from './editorPlace';

type Blocks = Readonly<Record<string, BlockDefinition>>;

/** `BCHW` for an image; null while it is not known what the port gives. */
export function axesAt({ editor, live }: Designer, { node, port }: Endpoint): string | null {
  const path = pathPrefixOf(editor.state) + node;
  return axesOf(lookup(live.store.getState().nodes, path)?.outputs[port]);
}

export function axesOf(dims: readonly Dim[] | undefined): string | null {
  return dims === undefined || dims.length === 0 ? null : dims.map(({ axis }) => axis).join('');
}

/** Orders that the first input of a block takes: what all that it feeds there take; null for any. */
export function acceptedByBlock(
  catalog: Catalog,
  blocks: Blocks,
  blockId: string,
): readonly string[] | null {
  const block = lookup(blocks, blockId);
  const [input] = block?.inputs ?? [];
  if (block === undefined || input === undefined) return null;
  const lists = Object.values(block.edges).flatMap(({ source, target }) => {
    const node = source.node === input ? lookup(block.nodes, target.node) : undefined;
    if (node === undefined || node.type === BLOCK_OUTPUT) return [];
    const accepted =
      node.block === null
        ? acceptedByLayer(catalog, node.type)
        : acceptedByBlock(catalog, blocks, node.block);
    return accepted === null ? [] : [accepted];
  });
  const [first, ...others] = lists;
  return first?.filter((axes) => others.every((list) => list.includes(axes))) ?? null;
}

/** Null where nothing is declared, or everything is taken. */
export function acceptedByLayer({ byType }: Catalog, type: string): readonly string[] | null {
  const accepts = byType.get(type)?.accepts ?? [];
  return accepts.length === 0 ? null : accepts;
}

const MOST_NAMED = 2;

/** Why what takes `accepted` cannot take `axes`, in one line; null when it can. */
export function misfit(accepted: readonly string[] | null, axes: string | null): string | null {
  if (accepted === null || axes === null || accepted.includes(axes)) return null;
  const named = accepted.slice(0, MOST_NAMED).map(spaced).join(' or ');
  const more = accepted.length > MOST_NAMED ? '…' : '';
  return `Takes ${named}${more}; here ${spaced(axes)} arrives.`;
}

const spaced = (axes: string): string => axes.split('').join(' × ');

/** Those that fit first; each list keeps its order. */
export function fittingFirst<T>(options: readonly T[], reasonOf: (option: T) => string | null): T[] {
  return [
    ...options.filter((option) => reasonOf(option) === null),
    ...options.filter((option) => reasonOf(option) !== null),
  ];
}
