/** Which ports a node has. Layer types are known to the server; this is what edits need of them. */

import { lookup } from './records';
import type { Document, Node, Scope } from './types';
import { BLOCK, BLOCK_INPUT, BLOCK_OUTPUT } from './types';

export interface NodePorts {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Ports of ordinary layers, by type and parameters. Unknown types answer undefined. */
export type LayerPorts = (node: Node) => NodePorts | undefined;

export type PortsOf = (node: Node) => NodePorts;

/**
 * Ports of every node of a document. A block has those its definition names; a type nobody knows
 * keeps the ports its edges use, so that nothing is lost.
 */
export function portsIn(document: Document, layerPorts: LayerPorts): PortsOf {
  return (node) => {
    switch (node.type) {
      case BLOCK: {
        const block = node.block === null ? undefined : lookup(document.graph.blocks, node.block);
        if (block === undefined) return { inputs: [], outputs: [] };
        const name = (nodeId: string): string => lookup(block.nodes, nodeId)?.name ?? nodeId;
        return { inputs: block.inputs.map(name), outputs: block.outputs.map(name) };
      }
      case BLOCK_INPUT:
        return { inputs: [], outputs: ['output'] };
      case BLOCK_OUTPUT:
        return { inputs: ['input'], outputs: [] };
      default:
        return layerPorts(node) ?? { inputs: ['input'], outputs: ['output'] };
    }
  };
}

export function freeInputs(scope: Scope, nodeId: string, portsOf: PortsOf): string[] {
  const node = lookup(scope.nodes, nodeId);
  if (node === undefined) return [];
  const used = new Set(
    Object.values(scope.edges)
      .filter((edge) => edge.target.node === nodeId)
      .map((edge) => edge.target.port),
  );
  return portsOf(node).inputs.filter((port) => !used.has(port));
}
