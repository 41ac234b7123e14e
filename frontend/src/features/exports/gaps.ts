import { asProblem, type ExportGap } from '@/api';

/** What a refusal says the format cannot express; null where it is about something else. */
export function gapsOf(refusal: unknown): ExportGap[] | null {
  const listed = asProblem(refusal).data['gaps'];
  return Array.isArray(listed) ? listed.flatMap(read) : null;
}

function read(given: unknown): ExportGap[] {
  if (typeof given !== 'object' || given === null) return [];
  const said = new Map<string, unknown>(Object.entries(given));
  const text = (name: string): string => {
    const value = said.get(name);
    return typeof value === 'string' ? value : '';
  };
  return [
    {
      path: text('path'),
      block: text('block') || null,
      name: text('name'),
      type: text('type'),
      reason: text('reason'),
      next_step: text('next_step'),
    },
  ];
}
