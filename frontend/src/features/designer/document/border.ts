/** A block and what is around it, divided anew: which ports the edges across its border need. */

import { newId } from './ids';
import { namesOf, uniqueName } from './names';
import { lookup } from './records';
import {
  BLOCK_INPUT,
  BLOCK_OUTPUT,
  makeNode,
  type BlockDefinition,
  type Edge,
  type Edges,
  type Endpoint,
  type Node,
  type Scope,
} from './types';

const keyOf = ({ node, port }: Endpoint): string => `${node}:${port}`;
export const edgeKey = ({ source, target }: Edge): string => `${keyOf(source)}>${keyOf(target)}`;

export interface Divided {
  readonly outerEdges: Edges;
  readonly innerEdges: Edges;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Ports that are new. */
  readonly ports: readonly (readonly [string, Node])[];
  /** Nodes outside that take what the block gives. */
  readonly behind: readonly string[];
}

/** A block and what is around it, as if there were no border: who feeds whom. */
export class Content {
  readonly inner: ReadonlyMap<string, Node>;
  private readonly feeds: readonly Edge[];
  private readonly outer: Scope;
  private readonly block: BlockDefinition;
  private readonly instanceId: string;

  constructor(outer: Scope, block: BlockDefinition, instanceId: string) {
    this.outer = outer;
    this.block = block;
    this.instanceId = instanceId;
    this.inner = new Map(
      Object.entries(block.nodes).filter(
        ([, { type }]) => type !== BLOCK_INPUT && type !== BLOCK_OUTPUT,
      ),
    );
    const all = [...Object.values(outer.edges), ...Object.values(block.edges)];
    this.feeds = all.flatMap(({ source, target }) => {
      const isPort = target.node === instanceId || this.isPort(target.node);
      const origin = isPort ? undefined : this.originOf(source);
      return origin === undefined ? [] : [{ source: origin, target }];
    });
  }

  private isPort(nodeId: string): boolean {
    return Object.hasOwn(this.block.nodes, nodeId) && !this.inner.has(nodeId);
  }

  private named(ids: readonly string[], name: string): string {
    return ids.find((id) => lookup(this.block.nodes, id)?.name === name) ?? '';
  }

  /** What comes out of an endpoint, through ports; undefined where nothing feeds a port. */
  private originOf(source: Endpoint): Endpoint | undefined {
    if (source.node === this.instanceId) return this.fedTo(this.named(this.block.outputs, source.port));
    return this.isPort(source.node) ? this.fedTo(source.node) : source;
  }

  /** What a port passes on. */
  fedTo(portId: string): Endpoint | undefined {
    const port = lookup(this.block.nodes, portId);
    if (port === undefined) return undefined;
    const [edges, node, name] =
      port.type === BLOCK_INPUT
        ? [this.outer.edges, this.instanceId, port.name]
        : [this.block.edges, portId, 'input'];
    const feed = Object.values(edges).find(
      ({ target }) => target.node === node && target.port === name,
    );
    return feed === undefined ? undefined : this.originOf(feed.source);
  }

  /** The edges on both sides when these nodes are in the block. */
  divided(inside: ReadonlySet<string>): Divided {
    const isIn = ({ node }: Endpoint): boolean => inside.has(node);
    const entering = this.feeds.filter(({ source, target }) => !isIn(source) && isIn(target));
    const leaving = this.feeds.filter(({ source, target }) => isIn(source) && !isIn(target));
    const names = namesOf(this.block.nodes);
    const open = this.openPorts(inside);
    const passing = (ids: readonly string[]): string[] => ids.filter((id) => !open.has(id));
    const inputs = new Ports(BLOCK_INPUT, this.reused(passing(this.block.inputs), entering), names);
    const outputs = new Ports(
      BLOCK_OUTPUT,
      this.reused(passing(this.block.outputs), leaving),
      names,
    );
    const outer = this.feeds.filter(({ source, target }) => !isIn(source) && !isIn(target));
    const inner = this.feeds.filter(({ source, target }) => isIn(source) && isIn(target));
    inner.push(
      ...Object.values(this.block.edges).filter(
        ({ source, target }) =>
          (open.has(source.node) && isIn(target)) || (open.has(target.node) && isIn(source)),
      ),
    );
    for (const { source, target } of entering) {
      const { id, name, isNew } = inputs.portFor(source);
      if (isNew) outer.push({ source, target: { node: this.instanceId, port: name } });
      inner.push({ source: { node: id, port: 'output' }, target });
    }
    for (const { source, target } of leaving) {
      const { id, name, isNew } = outputs.portFor(source);
      if (isNew) inner.push({ source, target: { node: id, port: 'input' } });
      outer.push({ source: { node: this.instanceId, port: name }, target });
    }
    const record = (edges: readonly Edge[]): Edges =>
      Object.fromEntries(edges.map((edge) => [edgeKey(edge), edge]));
    return {
      outerEdges: record(outer),
      innerEdges: record(inner),
      inputs: inputs.used(this.block.inputs, open),
      outputs: outputs.used(this.block.outputs, open),
      ports: [...inputs.made, ...outputs.made],
      behind: leaving.map(({ target }) => target.node),
    };
  }

  /** Ports that nothing crosses yet: they stay as they are. */
  private openPorts(inside: ReadonlySet<string>): Set<string> {
    const taken = new Set(
      Object.values(this.outer.edges).flatMap(({ source }) =>
        source.node === this.instanceId ? [source.port] : [],
      ),
    );
    const isOpen = (id: string): boolean => {
      const origin = this.fedTo(id);
      const port = lookup(this.block.nodes, id);
      if (port?.type === BLOCK_INPUT) return origin === undefined;
      return !taken.has(port?.name ?? '') && (origin === undefined || inside.has(origin.node));
    };
    return new Set([...this.block.inputs, ...this.block.outputs].filter(isOpen));
  }

  /** Ports with what they pass on; first those that go on passing on what they do. */
  private reused(
    ids: readonly string[],
    crossing: readonly Edge[],
  ): { id: string; name: string; origin: string | null }[] {
    const needed = new Set(crossing.map(({ source }) => keyOf(source)));
    return ids.map((id) => {
      const origin = this.fedTo(id);
      const key = origin === undefined ? null : keyOf(origin);
      const name = lookup(this.block.nodes, id)?.name ?? id;
      return { id, name, origin: key !== null && needed.has(key) ? key : null };
    });
  }
}

/** The ports on one side of a block, one for each tensor that crosses its border. */
class Ports {
  readonly made: [string, Node][] = [];
  private readonly given = new Map<string, { id: string; name: string }>();
  private readonly type: typeof BLOCK_INPUT | typeof BLOCK_OUTPUT;
  private readonly known: readonly { id: string; name: string; origin: string | null }[];
  private readonly names: Set<string>;

  constructor(
    type: typeof BLOCK_INPUT | typeof BLOCK_OUTPUT,
    known: readonly { id: string; name: string; origin: string | null }[],
    names: Set<string>,
  ) {
    this.type = type;
    this.known = known;
    this.names = names;
  }

  /** The port that a tensor goes through; one that is free is taken before another is made. */
  portFor(source: Endpoint): { id: string; name: string; isNew: boolean } {
    const key = keyOf(source);
    const given = this.given.get(key);
    if (given !== undefined) return { ...given, isNew: false };
    const taken = new Set([...this.given.values()].map(({ id }) => id));
    const port =
      this.known.find(({ id, origin }) => origin === key && !taken.has(id)) ??
      this.known.find(({ id, origin }) => origin === null && !taken.has(id)) ??
      this.make();
    this.given.set(key, port);
    return { ...port, isNew: true };
  }

  private make(): { id: string; name: string } {
    const name = uniqueName(this.type === BLOCK_INPUT ? 'input' : 'output', this.names);
    this.names.add(name);
    const id = newId();
    this.made.push([id, makeNode(this.type, name)]);
    return { id, name };
  }

  /** Ports that are used, in their order. */
  used(order: readonly string[], open: ReadonlySet<string>): string[] {
    const ids = new Set([...this.given.values()].map(({ id }) => id));
    const known = order.filter((id) => ids.has(id) || open.has(id));
    return [...known, ...[...ids].filter((id) => !order.includes(id))];
  }
}
