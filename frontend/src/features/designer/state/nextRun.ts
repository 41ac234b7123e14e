/** How a network that is opened next is to be trained: kept until its page takes it. */

import type { InitialRun } from '@/features/training';

const waiting = new Map<string, InitialRun>();

export function keepNextRun(networkId: string, run: InitialRun): void {
  waiting.set(networkId, run);
}

/** Once: coming back to the network later does not open the dialog again. */
export function takeNextRun(networkId: string): InitialRun | null {
  const found = waiting.get(networkId) ?? null;
  waiting.delete(networkId);
  return found;
}
