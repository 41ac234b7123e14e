import type { BinnedThing } from '@/api';
import { formatBytes, plural } from '@/lib';

type Fate = Pick<BinnedThing, 'kept_because' | 'is_purging' | 'size_bytes'>;

/** It stays in the bin for longer than its time, because something outside refers to it. */
export const isNeeded = ({ kept_because }: Pick<Fate, 'kept_because'>): boolean => kept_because !== '';

/** What emptying the bin deletes: neither what is needed nor what is going already. */
export function goesFor<T extends Fate>(things: readonly T[]): T[] {
  return things.filter((thing) => !isNeeded(thing) && !thing.is_purging);
}

/** What emptying the bin costs; only what goes counts. */
export function emptyingText(things: readonly Fate[]): string {
  const going = goesFor(things);
  const size_bytes = going.reduce((sum, thing) => sum + thing.size_bytes, 0);
  const size = size_bytes > 0 ? ` of ${formatBytes(size_bytes)}` : '';
  const staying = things.filter(isNeeded).length;
  const stays = staying === 0 ? '' : ` ${plural(staying, 'other')} ${staying === 1 ? 'stays' : 'stay'}: something still needs ${staying === 1 ? 'it' : 'them'}.`;
  return `${plural(going.length, 'thing')}${size} cannot be put back any more.${stays}`;
}

const GOING_MS = 2000;

/** How often to look again: what goes may wait for other work, and another job may finish it. */
export function whileSomethingGoes(things: readonly Pick<Fate, 'is_purging'>[] | undefined): number | false {
  return things?.some((thing) => thing.is_purging) === true && GOING_MS;
}
