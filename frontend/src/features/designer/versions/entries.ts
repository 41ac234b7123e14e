/** The history as it is listed: versions where they were made, saves between them in groups. */

import type { VersionSummary } from '../state/contract';
import type { RevisionSummary } from '../state/historyApi';

export interface SaveGroup {
  readonly kind: 'saves';
  readonly author: string | null;
  /** Newest first; never empty. */
  readonly saves: readonly RevisionSummary[];
}

export interface VersionEntry {
  readonly kind: 'version';
  readonly version: VersionSummary;
}

export type Entry = SaveGroup | VersionEntry;

export interface Day {
  /** `2026-11-21` in the time of the person. */
  readonly date: string;
  readonly entries: readonly Entry[];
}

/** Newest first, by day; neighbouring saves of one person are one group. */
export function historyOf(
  versions: readonly VersionSummary[],
  saves: readonly RevisionSummary[],
): readonly Day[] {
  const rows = [
    ...saves.map((save) => ({ at: save.created_at, save, version: null })),
    ...versions.map((version) => ({ at: version.created_at, save: null, version })),
  ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const days: { date: string; entries: Entry[] }[] = [];
  for (const { at, save, version } of rows) {
    const date = dayOf(at);
    let day = days.at(-1);
    if (day?.date !== date) {
      day = { date, entries: [] };
      days.push(day);
    }
    const last = day.entries.at(-1);
    if (version !== null) day.entries.push({ kind: 'version', version });
    else if (last?.kind === 'saves' && last.author === save.author) {
      day.entries[day.entries.length - 1] = { ...last, saves: [...last.saves, save] };
    } else day.entries.push({ kind: 'saves', author: save.author, saves: [save] });
  }
  return days;
}

function dayOf(time: string): string {
  const at = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
