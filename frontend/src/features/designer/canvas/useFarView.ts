import { useStore, useStoreApi } from '@xyflow/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { FAR_ZOOM } from './geometry';

const isFarAt = (zoom: number): boolean => zoom < FAR_ZOOM;
/** A last frame after the time that a move takes. */
const SETTLED_MS = 50;

export interface FarView {
  /** One canvas draws everything: no card could be read, or the view flies to where none can. */
  readonly isFar: boolean;
  /** Say before an animated move to which zoom it leads, so that nothing is mounted on the way. */
  readonly travel: (zoom: number, duration_ms: number) => void;
}

export function useFarView(): FarView {
  const store = useStoreApi();
  const isFarHere = useStore((state) => isFarAt(state.transform[2]));
  const [isTravelling, setTravelling] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // React Flow works out what is in view before it is told that there is nothing to show any more,
  // and would mount every card of the network for one frame.
  useEffect(
    () =>
      store.subscribe((state, before) => {
        if (!isFarAt(state.transform[2]) || isFarAt(before.transform[2])) return;
        state.setNodes([]);
        state.setEdges([]);
      }),
    [store],
  );
  useEffect(() => () => clearTimeout(timer.current), []);
  const travel = useCallback(
    (zoom: number, duration_ms: number): void => {
      const here = store.getState().transform[2];
      clearTimeout(timer.current);
      setTravelling(isFarAt(zoom) !== isFarAt(here));
      timer.current = setTimeout(() => setTravelling(false), duration_ms + SETTLED_MS);
    },
    [store],
  );
  return { isFar: isFarHere || isTravelling, travel };
}
