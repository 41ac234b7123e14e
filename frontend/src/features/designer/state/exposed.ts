/** What an exposed parameter of a block is, down to the layer that takes it. */

import { lookup } from '../document/records';
import type { Document, ExposedTarget, ParamValue, BlockDefinition } from '../document/types';
import type { Catalog } from './catalog';
import type { ParamDescription } from './contract';

const DEEPEST = 32;

/** The field for one exposed parameter; null where it leads to nothing that is known. */
export function exposedField(
  document: Document,
  catalog: Catalog,
  block: BlockDefinition,
  target: ExposedTarget,
  name: string,
): ParamDescription | null {
  const found = resolve(document, catalog, block, target, DEEPEST);
  return found === null ? null : { ...found, name, title: titleOf(name) };
}

/** `inner_filters` reads “inner filters”. */
function titleOf(name: string): string {
  return name.replaceAll('_', ' ');
}

function resolve(
  document: Document,
  catalog: Catalog,
  block: BlockDefinition,
  target: ExposedTarget,
  depth: number,
): ParamDescription | null {
  const inner = lookup(block.nodes, target.node);
  if (inner === undefined || depth === 0) return null;
  if (inner.block === null) {
    const layer = catalog.byType.get(inner.type);
    const param = layer?.params.find(({ name }) => name === target.param);
    return param === undefined ? null : withDefault(param, lookup(inner.params, target.param));
  }
  const definition = lookup(document.graph.blocks, inner.block);
  const next = definition && lookup(definition.exposed, target.param);
  if (definition === undefined || next === undefined) return null;
  const found = resolve(document, catalog, definition, next, depth - 1);
  return found && withDefault(found, lookup(inner.overrides, target.param));
}

function withDefault(param: ParamDescription, value: ParamValue | undefined): ParamDescription {
  return value === undefined ? param : { ...param, default: value };
}
