/** How numbers and shapes are shown to this person: kept in the browser. */

import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Dim, NodeAnalysis } from './contract';

interface Display {
  /** Images as H × W × C, the order of other tools. */
  readonly isChannelsLast: boolean;
  readonly hiddenColumns: readonly string[];
}

const SAVED = 'netloom-designer-display';
const DEFAULT: Display = { isChannelsLast: false, hiddenColumns: ['macs', 'gradient', 'kept'] };

export const display = createStore<Display>(() => readSaved());
display.subscribe((state) => localStorage.setItem(SAVED, JSON.stringify(state)));

export function useDisplay<T>(select: (state: Display) => T): T {
  return useStore(display, select);
}

function readSaved(): Display {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(SAVED) ?? 'null');
    if (typeof saved !== 'object' || saved === null) return DEFAULT;
    const isChannelsLast = 'isChannelsLast' in saved && saved.isChannelsLast === true;
    const hidden = 'hiddenColumns' in saved ? saved.hiddenColumns : null;
    const hiddenColumns = Array.isArray(hidden)
      ? hidden.filter((each): each is string => typeof each === 'string')
      : DEFAULT.hiddenColumns;
    return { isChannelsLast, hiddenColumns };
  } catch {
    return DEFAULT;
  }
}

/** `B × 64 × 56 × 56`, or `B × 56 × 56 × 64` with channels last. */
export function shapeText(dims: readonly Dim[], isChannelsLast: boolean): string {
  const channels = dims.find(({ axis }) => axis === 'C');
  const isImage = dims.some(({ axis }) => axis === 'H');
  const ordered =
    isChannelsLast && isImage && channels !== undefined
      ? [...dims.filter((dim) => dim !== channels), channels]
      : dims;
  return ordered.map(({ size }) => size).join(' × ');
}

/** The shape that a port gives; without a port, the first one. */
export function outputText(
  found: NodeAnalysis | undefined,
  isChannelsLast: boolean,
  port?: string,
): string {
  if (found === undefined) return '';
  const [first] = Object.values(found.outputs);
  const dims = port === undefined ? first : (found.outputs[port] ?? first);
  return dims === undefined ? found.output_text : shapeText(dims, isChannelsLast);
}
