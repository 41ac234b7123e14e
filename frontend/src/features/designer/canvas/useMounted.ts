import { useStore, useStoreApi } from '@xyflow/react';
import { useCallback, useEffect, useReducer, useState } from 'react';
import { Mounting, ReachMemory, type Elements, type Mounted } from './mounting';
import type { Pane } from './rects';

/** Elements for the DOM, of those around the view; a frame at a time where many are new. */
export function useMounted(elements: Elements, isFar: boolean): Mounted {
  useDeclaredSizes();
  const [memory] = useState(() => ({ reach: new ReachMemory(), asked: new Asked() }));
  const [frame, goOn] = useReducer((before: number) => before + 1, 0);
  const { nodes, edges } = elements;
  const mounted = useStore(
    useCallback(
      (pane: Pane) => {
        const reach = memory.reach.reachOf(pane);
        return memory.asked.mounted([nodes, edges, reach, isFar, frame], (mounting) =>
          mounting.next({ nodes, edges }, reach, isFar),
        );
      },
      [memory, nodes, edges, isFar, frame],
    ),
  );
  useEffect(() => {
    if (mounted.isResting) return;
    const asked = requestAnimationFrame(goOn);
    return () => cancelAnimationFrame(asked);
  }, [mounted, frame]);
  return mounted;
}

/** The same answer to the same question, however often React asks. */
class Asked {
  private readonly mounting = new Mounting();
  private question: readonly unknown[] = [];
  private answer: Mounted | null = null;

  mounted(question: readonly unknown[], work: (mounting: Mounting) => Mounted): Mounted {
    const isSame = question.every((each, index) => each === this.question[index]);
    if (this.answer === null || !isSame) this.answer = work(this.mounting);
    this.question = question;
    return this.answer;
  }
}

/** Every element declares its size and its handles: React Flow need not measure what it mounts. */
function useDeclaredSizes(): void {
  const flow = useStoreApi();
  useState(() => flow.setState({ updateNodeInternals: () => undefined }));
}
