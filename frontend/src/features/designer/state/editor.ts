/** The state of one open network: document, history, place and selection. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { tryOperations } from '../document/apply';
import { EMPTY_HISTORY, record, redo, undo, type Gesture, type History } from '../document/history';
import type { Operation } from '../document/operations';
import { lookup } from '../document/records';
import { scopeOf } from '../document/scope';
import type { Document, Scope } from '../document/types';
import {
  depthFor,
  pathPrefixOf,
  pathTo,
  scopeIdOf,
  trailOf,
  validTrail,
  type Step,
} from './editorPlace';

export interface EditorState {
  readonly document: Document;
  readonly history: History;
  /** From the top level down to where we are; empty on the top level. */
  readonly trail: readonly Step[];
  /**
   * How many steps of the trail the canvas was opened for. The others lead into blocks that are
   * expanded on it: what is selected lies in one of them.
   */
  readonly depth: number;
  /** Paths of the uses of blocks that are drawn expanded, `instance/inner`: of the view alone. */
  readonly expanded: ReadonlySet<string>;
  readonly nodeIds: ReadonlySet<string>;
  readonly edgeIds: ReadonlySet<string>;
  readonly frameIds: ReadonlySet<string>;
  readonly canEdit: boolean;
  /** What a screen reader is to say; `count` tells the same sentence twice apart. */
  readonly announcement: { readonly text: string; readonly count: number };
  readonly notice: Notice | null;
}

/** A sentence to show for a while: why something was not done, or what was done besides. */
export interface Notice {
  readonly text: string;
  readonly count: number;
  /** The step that the notice offers to take back, as long as it is the last. */
  readonly undoes: Gesture | null;
}

export interface PerformOptions {
  /** Edits of the same key that follow closely become one step of undo. */
  readonly mergeKey?: string;
  /** What is selected afterwards. */
  readonly select?: readonly string[];
}

export type OperationsListener = (operations: readonly Operation[], label: string) => void;

const NOTHING: ReadonlySet<string> = new Set();

export class Editor {
  readonly store: StoreApi<EditorState>;
  private readonly listeners = new Set<OperationsListener>();

  constructor(document: Document, canEdit: boolean, expanded: ReadonlySet<string> = NOTHING) {
    this.store = createStore<EditorState>(() => ({
      document,
      history: EMPTY_HISTORY,
      trail: [],
      depth: 0,
      expanded,
      nodeIds: NOTHING,
      edgeIds: NOTHING,
      frameIds: NOTHING,
      canEdit,
      announcement: { text: '', count: 0 },
      notice: null,
    }));
  }

  get state(): EditorState {
    return this.store.getState();
  }

  get scopeId(): string | null {
    return scopeIdOf(this.state);
  }

  get scope(): Scope {
    return scopeOf(this.state.document, this.scopeId);
  }

  /** Called with every edit of this page that is to be saved. */
  onOperations(listener: OperationsListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Apply an edit as one step of undo. False, with a notice, when it does not fit. */
  perform(label: string, operations: readonly Operation[], options: PerformOptions = {}): boolean {
    const { document, history, canEdit } = this.state;
    if (operations.length === 0) return false;
    if (!canEdit) {
      this.say('You may look at this network, but not change it.');
      return false;
    }
    const applied = tryOperations(document, operations);
    if ('refused' in applied) {
      this.say(applied.refused);
      return false;
    }
    const gesture = {
      label,
      forward: operations,
      backward: applied.inverses,
      mergeKey: options.mergeKey ?? null,
      time_ms: performance.now(),
    };
    this.store.setState({ document: applied.document, history: record(history, gesture) });
    this.afterDocument(options.select);
    this.announce(label);
    this.tell(operations, label);
    return true;
  }

  undo(): void {
    this.step('Undo', undo);
  }

  redo(): void {
    this.step('Redo', redo);
  }

  /** Take a document that others changed as well. History stays; a step that no longer fits says so. */
  adopt(document: Document): void {
    this.store.setState({ document });
    this.afterDocument(undefined);
  }

  select(
    nodeIds: Iterable<string>,
    edgeIds: Iterable<string> = [],
    frameIds: Iterable<string> = [],
  ): void {
    this.store.setState({
      nodeIds: new Set(nodeIds),
      edgeIds: new Set(edgeIds),
      frameIds: new Set(frameIds),
    });
  }

  /** Open a block as a canvas of its own. */
  enter(instanceId: string): void {
    const blockId = lookup(this.scope.nodes, instanceId)?.block;
    if (blockId === null || blockId === undefined) return;
    const { trail, document } = this.state;
    const steps = [...trail, { instanceId, blockId }];
    this.goTo(steps, steps.length);
    this.announce(`Inside block ${lookup(document.graph.blocks, blockId)?.name ?? ''}`);
  }

  /** Open the block of any instance as a canvas of its own, by the instance's path. */
  openAlone(path: string): void {
    const trail = trailOf(this.state.document, `${path}/`);
    if (trail !== null) this.goTo(trail, trail.length);
  }

  /** Go up to the first `depth` steps of the trail. */
  leaveTo(depth: number): void {
    const left = this.state.trail[depth];
    this.goTo(this.state.trail.slice(0, depth), Math.min(depth, this.state.depth));
    if (left !== undefined) this.select([left.instanceId]);
  }

  /** Without a depth, what is expanded on a canvas is gone to in place. */
  goTo(trail: readonly Step[], depth = depthFor(trail, this.state)): void {
    this.store.setState({
      trail,
      depth,
      nodeIds: NOTHING,
      edgeIds: NOTHING,
      frameIds: NOTHING,
    });
  }

  /** Draw the block that an instance of this scope uses in place of its card. */
  expand(instanceId: string): void {
    const { document, expanded } = this.state;
    const blockId = lookup(this.scope.nodes, instanceId)?.block;
    if (blockId === null || blockId === undefined) return;
    this.store.setState({ expanded: new Set([...expanded, this.pathOf(instanceId)]) });
    this.announce(`${lookup(document.graph.blocks, blockId)?.name ?? 'Block'} expanded in place`);
  }

  /** Draw the card again; what was selected within gives way to the instance. */
  collapse(path: string): void {
    const { expanded, trail, depth } = this.state;
    const kept = [...expanded].filter((each) => each !== path);
    const at = trail.findIndex((_, index) => pathTo(trail, index) === path);
    if (at >= depth) this.leaveTo(at);
    this.store.setState({ expanded: new Set(kept) });
    this.announce('Collapsed');
  }

  /** Where a node of this scope is, from the top level on. */
  pathOf(nodeId: string): string {
    return pathPrefixOf(this.state) + nodeId;
  }

  announce(text: string): void {
    this.store.setState(({ announcement }) => ({
      announcement: { text, count: announcement.count + 1 },
    }));
  }

  say(text: string, { offersUndo = false } = {}): void {
    const undoes = offersUndo ? (this.state.history.past.at(-1) ?? null) : null;
    this.store.setState(({ notice }) => ({
      notice: { text, count: (notice?.count ?? 0) + 1, undoes },
    }));
    this.announce(text);
  }

  dismissNotice(): void {
    this.store.setState({ notice: null });
  }

  private step(word: string, move: typeof undo): void {
    const { document, history, canEdit } = this.state;
    if (!canEdit) return;
    const step = move(document, history);
    if (step === null) {
      this.announce(`Nothing to ${word.toLowerCase()}`);
      return;
    }
    if (step.kind === 'refused') {
      this.store.setState({ history: step.history });
      this.say(`${word} of “${step.label}” is not possible any more: ${step.reason}`);
      return;
    }
    this.store.setState({ document: step.document, history: step.history });
    this.afterDocument(undefined);
    this.announce(`${word}: ${step.label}`);
    this.tell(step.operations, `${word}: ${step.label}`);
  }

  private tell(operations: readonly Operation[], label: string): void {
    for (const listener of this.listeners) listener(operations, label);
  }

  /** Leave blocks that are gone and let go of what is not there any more. */
  private afterDocument(select: readonly string[] | undefined): void {
    const { document, trail, nodeIds, edgeIds, frameIds } = this.state;
    const valid = validTrail(document, trail);
    if (valid.length < trail.length) {
      this.store.setState({ trail: valid, depth: Math.min(this.state.depth, valid.length) });
    }
    const scope = scopeOf(document, valid.at(-1)?.blockId ?? null);
    const wanted = select === undefined ? nodeIds : new Set(select);
    const keptNodes = keep(wanted, (id) => Object.hasOwn(scope.nodes, id));
    const keptEdges =
      select === undefined ? keep(edgeIds, (id) => Object.hasOwn(scope.edges, id)) : NOTHING;
    const keptFrames =
      select === undefined
        ? keep(frameIds, (id) => Object.hasOwn(document.view.frames, id))
        : NOTHING;
    if (keptNodes !== nodeIds || keptEdges !== edgeIds || keptFrames !== frameIds) {
      this.store.setState({ nodeIds: keptNodes, edgeIds: keptEdges, frameIds: keptFrames });
    }
  }
}

function keep(ids: ReadonlySet<string>, isThere: (id: string) => boolean): ReadonlySet<string> {
  const kept = [...ids].filter(isThere);
  return kept.length === ids.size ? ids : new Set(kept);
}
