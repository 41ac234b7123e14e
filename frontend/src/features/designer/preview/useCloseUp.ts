import { useEffect, useState } from 'react';
import type { NodeActivation } from '@/api';
import { lookup } from '../document/records';
import { useDesigner, usePreview } from '../state/DesignerContext';

const PAGE = 16;
const OPTIONS = { num_maps: PAGE, num_columns: 4, tile_px: 112, num_bars: 128, is_exact: true };

/** One node in large pictures, from channel `first` on; `null` until they are there. */
export function useCloseUp(path: string, first: number): NodeActivation | null {
  const { preview } = useDesigner();
  const version = usePreview((state) => state.version);
  const [shown, setShown] = useState<NodeActivation | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    const options = { ...OPTIONS, first, matrix_px: [256, 256] as [number, number] };
    preview.lookClosely(path, options, controller.signal)?.then(
      (answer) => {
        if (!controller.signal.aborted) setShown(lookup(answer.preview.nodes, path) ?? null);
      },
      // Overtaken, or the view of all says what is wrong.
      () => undefined,
    );
    return () => controller.abort();
  }, [preview, path, first, version]);
  return shown;
}
