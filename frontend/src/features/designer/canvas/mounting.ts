/** Which elements of the canvas are in the DOM. */

import type { CanvasNode, TensorEdge } from './flowElements';
import { curveBounds, type Rect } from './geometry';
import { grown, overlaps, seenIn, type Pane } from './rects';

/** Cards that are mounted within one frame without holding it up: those in view, those to come. */
const IN_VIEW_PER_FRAME = 8;
const AHEAD_PER_FRAME = 1;
/** Of the screen. The view is looked at anew where it moved so far. */
const STEP = 32;
/** Cards so near to the view are mounted before they are in it. */
const AHEAD = 128;
/** Cards stay mounted until they are so far from it. */
const BEHIND = 384;
/** More than that, as when all of a large network is selected, is left to React Flow to cull. */
const MOST = 400;

export interface Elements {
  readonly nodes: CanvasNode[];
  readonly edges: TensorEdge[];
}

export interface Mounted extends Elements {
  /** Everything in view is there; until then, what is drawn from afar stays beneath. */
  readonly isWhole: boolean;
  /** There are so many that React Flow has to look which of them are in view. */
  readonly isCulled: boolean;
  /** There is nothing left to mount. */
  readonly isResting: boolean;
}

const NOTHING: Mounted = { nodes: [], edges: [], isWhole: false, isCulled: false, isResting: true };

/** What is in view, and how far around it cards come and go. */
export interface Reach {
  readonly view: Rect;
  readonly ahead: Rect;
  readonly behind: Rect;
}

/** The reach of the view, the same object while the view hardly moves. */
export class ReachMemory {
  private reach: Reach | null = null;
  private step = '';

  reachOf(pane: Pane): Reach | null {
    if (pane.width === 0) return null;
    const [x, y, zoom] = pane.transform;
    const step = [Math.round(x / STEP), Math.round(y / STEP), zoom, pane.width, pane.height].join();
    if (step === this.step) return this.reach;
    this.step = step;
    const seen = seenIn(pane);
    const within = (margin: number): Rect => grown(seen, margin / zoom, margin / zoom);
    this.reach = { view: within(STEP), ahead: within(AHEAD), behind: within(BEHIND) };
    return this.reach;
  }
}

/**
 * What is mounted: from afar nothing; else what is in view, a few cards a frame where much of it is
 * new, and what is about to come into view, one a frame.
 */
export class Mounting {
  /** Of nodes. */
  private ids = new Set<string>();
  private edgeIds = new Set<string>();
  private mounted = NOTHING;
  private readonly hidden = new WeakMap<CanvasNode, CanvasNode>();

  /** What is mounted in the next frame; the same object where nothing changes. */
  next({ nodes, edges }: Elements, reach: Reach | null, isFar: boolean): Mounted {
    if (isFar || reach === null) return this.set([], NOTHING);
    if (nodes.length > MOST) {
      return this.set([], { nodes, edges, isWhole: true, isCulled: true, isResting: true });
    }
    const kept = new Set<string>();
    const inView: string[] = [];
    const ahead: string[] = [];
    for (const node of nodes) {
      const rect = rectOf(node);
      if (this.ids.has(node.id) && overlaps(rect, reach.behind)) kept.add(node.id);
      else if (overlaps(rect, reach.view)) inView.push(node.id);
      else if (overlaps(rect, reach.ahead)) ahead.push(node.id);
    }
    const added =
      inView.length > 0 ? inView.slice(0, IN_VIEW_PER_FRAME) : ahead.slice(0, AHEAD_PER_FRAME);
    for (const id of added) kept.add(id);
    const drawn = edges.filter(
      ({ id, source, target, data }) =>
        kept.has(source) ||
        kept.has(target) ||
        data === undefined ||
        overlaps(curveBounds(data.curve), this.edgeIds.has(id) ? reach.behind : reach.ahead),
    );
    // React Flow draws a connection from the nodes at its ends, and moves all that is selected.
    const ends = new Set(drawn.flatMap(({ source, target }) => [source, target]));
    const told = nodes.flatMap((node) => {
      if (kept.has(node.id)) return [node];
      return ends.has(node.id) || node.selected === true ? [this.asHidden(node)] : [];
    });
    return this.set(kept, {
      nodes: told,
      edges: drawn,
      isWhole: inView.length <= IN_VIEW_PER_FRAME,
      isCulled: false,
      isResting: inView.length + ahead.length <= added.length,
    });
  }

  private set(ids: Iterable<string>, found: Mounted): Mounted {
    this.ids = new Set(ids);
    this.edgeIds = new Set(found.isCulled ? [] : found.edges.map(({ id }) => id));
    const { mounted } = this;
    const nodes = sameOr(mounted.nodes, found.nodes);
    const edges = sameOr(mounted.edges, found.edges);
    const isSame =
      nodes === mounted.nodes &&
      edges === mounted.edges &&
      mounted.isWhole === found.isWhole &&
      mounted.isCulled === found.isCulled &&
      mounted.isResting === found.isResting;
    if (!isSame) this.mounted = { ...found, nodes, edges };
    return this.mounted;
  }

  private asHidden(node: CanvasNode): CanvasNode {
    const known = this.hidden.get(node);
    if (known !== undefined) return known;
    const hidden = { ...node, hidden: true };
    this.hidden.set(node, hidden);
    return hidden;
  }
}

/** React Flow takes the same list as a sign that nothing is to be done. */
function sameOr<T>(old: T[], made: T[]): T[] {
  const isSame = old.length === made.length && made.every((each, index) => each === old[index]);
  return isSame ? old : made;
}

function rectOf({ position, width = 0, height = 0 }: CanvasNode): Rect {
  return { ...position, width, height };
}
