/** What the selected layer can be connected to, and what can be taken off, as a list to choose from. */

import type { PortsOf } from '../document/ports';
import { lookup } from '../document/records';
import { computationOrder, edgesInto, edgesOutOf, reachableFrom } from '../document/scope';
import type { Endpoint, Scope } from '../document/types';

export interface ConnectOption {
  readonly key: string;
  readonly source: Endpoint;
  readonly target: Endpoint;
  /** `conv → add · input_2`. */
  readonly label: string;
  /** What happens besides: what feeds the input now makes room. */
  readonly detail: string;
}

/** Inputs that may take an output of a layer: free ones first, those behind it before the others. */
export function connectOptions(scope: Scope, nodeId: string, portsOf: PortsOf): ConnectOption[] {
  const node = lookup(scope.nodes, nodeId);
  if (node === undefined) return [];
  const { outputs } = portsOf(node);
  const earlier = leadingTo(scope, nodeId);
  const order = computationOrder(scope);
  const options = order.flatMap((targetId): ConnectOption[] => {
    const target = lookup(scope.nodes, targetId);
    if (target === undefined || earlier.has(targetId)) return [];
    const { inputs } = portsOf(target);
    return outputs.flatMap((output) =>
      inputs.flatMap((port): ConnectOption[] => {
        const held = edgesInto(scope, targetId).find(({ edge }) => edge.target.port === port);
        const holder = held?.edge.source;
        if (holder?.node === nodeId && holder.port === output) return [];
        const from = outputs.length === 1 ? node.name : `${node.name} · ${output}`;
        const to = inputs.length === 1 ? target.name : `${target.name} · ${port}`;
        const before = holder === undefined ? null : lookup(scope.nodes, holder.node)?.name;
        return [
          {
            key: `${output}>${targetId}.${port}`,
            source: { node: nodeId, port: output },
            target: { node: targetId, port },
            label: `${from} → ${to}`,
            detail: holder === undefined ? 'free' : `in place of ${before ?? 'another layer'}`,
          },
        ];
      }),
    );
  });
  const place = new Map(order.map((id, index) => [id, index]));
  const here = place.get(nodeId) ?? 0;
  const rank = ({ target, detail }: ConnectOption): number =>
    (detail === 'free' ? 0 : 2) + ((place.get(target.node) ?? 0) > here ? 0 : 1);
  return options.sort((a, b) => rank(a) - rank(b));
}

/** A layer and everything that it is computed from: connecting to those would close a cycle. */
function leadingTo(scope: Scope, nodeId: string): Set<string> {
  const seen = new Set([nodeId]);
  const queue = [nodeId];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const { edge } of edgesInto(scope, at)) {
      if (seen.has(edge.source.node)) continue;
      seen.add(edge.source.node);
      queue.push(edge.source.node);
    }
  }
  return seen;
}

export interface SourceOption {
  readonly source: Endpoint;
  readonly label: string;
}

/** Outputs that may feed a layer: all but those that are computed from it. */
export function sourceOptions(scope: Scope, nodeId: string, portsOf: PortsOf): SourceOption[] {
  const later = reachableFrom(scope, [nodeId]);
  return Object.entries(scope.nodes).flatMap(([id, node]) => {
    if (later.has(id)) return [];
    const { outputs } = portsOf(node);
    return outputs.map((port) => ({
      source: { node: id, port },
      label: sourceLabel(node.name, port, outputs.length),
    }));
  });
}

export function sourceLabel(name: string, port: string, numOutputs: number): string {
  return numOutputs === 1 ? name : `${name}, ${port}`;
}

export interface DisconnectOption {
  readonly key: string;
  readonly label: string;
}

/** The connections of a layer, those into it first; `key` is the id of the edge. */
export function disconnectOptions(scope: Scope, nodeId: string): DisconnectOption[] {
  const name = (id: string): string => lookup(scope.nodes, id)?.name ?? id;
  return [...edgesInto(scope, nodeId), ...edgesOutOf(scope, nodeId)].map(({ id, edge }) => ({
    key: id,
    label: `${name(edge.source.node)} → ${name(edge.target.node)} · ${edge.target.port}`,
  }));
}
