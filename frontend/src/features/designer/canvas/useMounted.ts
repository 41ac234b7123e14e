import { useStore } from '@xyflow/react';
import { useCallback, useEffect, useReducer, useState } from 'react';
import type { CanvasNode, TensorEdge } from './flowElements';
import { curveBounds, type Rect } from './geometry';
import { grown, overlaps, seenIn, type Pane } from './rects';

/** Cards that are mounted within one frame without holding it up: those in view, others. */
const IN_VIEW_PER_FRAME = 5;
const AROUND_PER_FRAME = 1;
/** Of the screen: the view is looked at anew where it moved so far, and so much lies ahead of it. */
const STEP = 64;
/** More than that, as when all of a large network is selected, is left to React Flow to cull. */
const MOST = 400;

const NOTHING: Mounted = { nodes: [], edges: [], isWhole: false, isCulled: false, isResting: true };

interface Elements {
  readonly nodes: CanvasNode[];
  readonly edges: TensorEdge[];
}

interface Mounted extends Elements {
  /** Everything in view is there; until then, what is drawn from afar stays beneath. */
  readonly isWhole: boolean;
  /** There are so many that only those in view are drawn. */
  readonly isCulled: boolean;
  /** There is nothing left to mount. */
  readonly isResting: boolean;
}

/**
 * Elements for the DOM: none from afar. What is in view is mounted first, a few a frame, and then
 * what lies around it, one a frame, so that moving the view finds its cards there.
 */
export function useMounted(elements: Elements, isFar: boolean): Mounted {
  const [memory] = useState(() => new Mounting());
  const [count, goOn] = useReducer((before: number) => before + 1, 0);
  const view = useStore(useCallback((pane: Pane) => memory.viewOf(pane), [memory]));
  const mounted = memory.mounted(elements, view, isFar, count);
  useEffect(() => {
    if (mounted.isResting) return;
    const frame = requestAnimationFrame(goOn);
    return () => cancelAnimationFrame(frame);
  }, [mounted]);
  return mounted;
}

class Mounting {
  private ids = new Set<string>();
  private view: Rect | null = null;
  private step = '';
  private asked: readonly unknown[] = [];
  private answer: Mounted = NOTHING;
  private readonly hidden = new WeakMap<CanvasNode, CanvasNode>();

  /** What is in view and about to be, the same object while the view moves little. */
  viewOf(pane: Pane): Rect | null {
    if (pane.width === 0) return null;
    const [x, y, zoom] = pane.transform;
    const step = [Math.round(x / STEP), Math.round(y / STEP), zoom, pane.width, pane.height].join();
    if (step !== this.step) {
      this.step = step;
      this.view = grown(seenIn(pane), (1.5 * STEP) / zoom, (1.5 * STEP) / zoom);
    }
    return this.view;
  }

  /** The same answer to the same question, however often React asks. */
  mounted(elements: Elements, view: Rect | null, isFar: boolean, count: number): Mounted {
    const asked = [elements.nodes, elements.edges, view, isFar, count];
    if (asked.every((each, index) => each === this.asked[index])) return this.answer;
    this.asked = asked;
    this.answer = this.next(elements, view, isFar);
    return this.answer;
  }

  private next(elements: Elements, view: Rect | null, isFar: boolean): Mounted {
    if (isFar || view === null) {
      this.ids = new Set();
      return NOTHING;
    }
    const { nodes, edges } = elements;
    if (nodes.length > MOST) {
      this.ids = new Set();
      return { nodes, edges, isWhole: true, isCulled: true, isResting: true };
    }
    const kept = new Set<string>();
    const inView: CanvasNode[] = [];
    const around: CanvasNode[] = [];
    for (const node of nodes) {
      if (this.ids.has(node.id)) kept.add(node.id);
      else if (overlaps(rectOf(node), view)) inView.push(node);
      else around.push(node);
    }
    const added =
      inView.length > 0
        ? inView.slice(0, IN_VIEW_PER_FRAME)
        : nearest(around, view).slice(0, AROUND_PER_FRAME);
    for (const { id } of added) kept.add(id);
    this.ids = kept;
    const isWhole = inView.length <= IN_VIEW_PER_FRAME;
    const isResting = isWhole && inView.length === 0 && around.length <= AROUND_PER_FRAME;
    const drawn = edges.filter(
      ({ source, target, data }) =>
        kept.has(source) ||
        kept.has(target) ||
        (data !== undefined && overlaps(curveBounds(data.curve), view)),
    );
    const ends = new Set(drawn.flatMap(({ source, target }) => [source, target]));
    const told = nodes.flatMap((node) => {
      if (kept.has(node.id)) return [node];
      return ends.has(node.id) || node.selected === true ? [this.asHidden(node)] : [];
    });
    const { answer } = this;
    const found = {
      nodes: sameOr(answer.nodes, told),
      edges: sameOr(answer.edges, drawn),
      isWhole,
      isCulled: false,
      isResting,
    };
    const isSame =
      found.nodes === answer.nodes &&
      found.edges === answer.edges &&
      answer.isWhole === isWhole &&
      answer.isResting === isResting;
    return isSame ? answer : found;
  }

  /** React Flow draws connections from it, and moves it with others, and does not show it. */
  private asHidden(node: CanvasNode): CanvasNode {
    let hidden = this.hidden.get(node);
    if (hidden === undefined) {
      hidden = { ...node, hidden: true };
      this.hidden.set(node, hidden);
    }
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

function nearest(nodes: CanvasNode[], view: Rect): CanvasNode[] {
  const x = view.x + view.width / 2;
  const y = view.y + view.height / 2;
  const away = ({ position }: CanvasNode): number => Math.hypot(position.x - x, position.y - y);
  return nodes.toSorted((one, other) => away(one) - away(other));
}
