import { describe, expect, it } from 'vitest';
import type { CanvasNode, TensorEdge } from './flowElements';
import { Mounting, ReachMemory, type Mounted } from './mounting';
import type { Pane } from './rects';

const WIDTH = 100;
const STEP = 200;

/** A row of layers, each connected to the next. */
function row(count: number, selected = -1): { nodes: CanvasNode[]; edges: TensorEdge[] } {
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: `n${index}`,
    position: { x: index * STEP, y: 0 },
    width: WIDTH,
    height: 50,
    selected: index === selected,
  })) as unknown as CanvasNode[];
  const edges = Array.from({ length: count - 1 }, (_, index) => ({
    id: `e${index}`,
    source: `n${index}`,
    target: `n${index + 1}`,
    data: {
      curve: {
        from: { x: index * STEP + WIDTH, y: 25 },
        to: { x: (index + 1) * STEP, y: 25 },
        bend: 20,
        lane: null,
      },
    },
  })) as unknown as TensorEdge[];
  return { nodes, edges };
}

/** What a pane of 1,000 pixels shows from `x` on. */
const paneAt = (x: number): Pane => ({ transform: [-x, 0, 1], width: 1000, height: 500 });

const shown = ({ nodes }: Mounted) => nodes.filter(({ hidden }) => hidden !== true).map(({ id }) => id);

/** Lets frames go by until nothing is left to mount. */
function settled(mounting: Mounting, elements: ReturnType<typeof row>, x: number) {
  const reach = new ReachMemory().reachOf(paneAt(x));
  const frames: Mounted[] = [];
  do frames.push(mounting.next(elements, reach, false));
  while (frames.at(-1)?.isResting === false && frames.length < 100);
  return frames;
}

describe('what is mounted', () => {
  it('is in view first, then one card a frame of what lies just ahead', () => {
    const frames = settled(new Mounting(), row(30), -60);
    expect(frames.map((each) => shown(each).length)).toEqual([5, 6]);
    expect(frames.map(({ isWhole }) => isWhole)).toEqual([true, true]);
  });

  it('comes a few a frame where much is new, and is whole when all of it is there', () => {
    const wide = row(30);
    const reach = new ReachMemory().reachOf({ ...paneAt(0), width: 4000 });
    const mounting = new Mounting();
    const frames = [1, 2, 3].map(() => mounting.next(wide, reach, false));
    expect(frames.map((each) => shown(each).length)).toEqual([8, 16, 21]);
    expect(frames.map(({ isWhole }) => isWhole)).toEqual([false, false, true]);
  });

  it('stays while the view goes forth and back, and leaves when it is far away', () => {
    const elements = row(30);
    const mounting = new Mounting();
    settled(mounting, elements, 0);
    const forth = settled(mounting, elements, 240).at(-1) as Mounted;
    const back = settled(mounting, elements, 0);
    expect(back).toEqual([forth]);
    expect(back[0]).toBe(forth);
    const away = shown(settled(mounting, elements, 1200).at(-1) as Mounted);
    expect(away).not.toContain('n0');
    expect(away).toContain('n6');
  });

  it('has the other ends of its connections, and what is selected, without showing them', () => {
    const last = settled(new Mounting(), row(30, 25), 0).at(-1) as Mounted;
    const hidden = last.nodes.filter((node) => node.hidden === true).map(({ id }) => id);
    expect(hidden).toEqual(['n6', 'n25']);
    expect(last.edges.map(({ id }) => id)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5']);
  });

  it('is nothing from afar, and left to React Flow where it is very much', () => {
    const mounting = new Mounting();
    const reach = new ReachMemory().reachOf(paneAt(0));
    expect(mounting.next(row(5), reach, true).nodes).toEqual([]);
    const many = mounting.next(row(401), reach, false);
    expect([many.nodes.length, many.isCulled, many.isWhole]).toEqual([401, true, true]);
  });
});
