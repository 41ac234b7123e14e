/**
 * Records keyed by ids that other people chose.
 *
 * An id may be `constructor` or `__proto__`, so a record is only ever asked through these.
 */

export function lookup<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

const emptiness = new WeakMap<object, boolean>();

/** Whether nothing is in it. Looking takes as long as there are keys; records never change. */
export function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  const known = emptiness.get(record);
  if (known !== undefined) return known;
  const found = Object.keys(record).length === 0;
  emptiness.set(record, found);
  return found;
}

/** A copy with `key` set. A computed key makes an own property, also for `__proto__`. */
export function withKey<T>(
  record: Readonly<Record<string, T>>,
  key: string,
  value: T,
): Readonly<Record<string, T>> {
  return { ...record, [key]: value };
}

/** A copy without `key`; the record itself when it does not have it. */
export function withoutKey<T>(
  record: Readonly<Record<string, T>>,
  key: string,
): Readonly<Record<string, T>> {
  if (!Object.hasOwn(record, key)) return record;
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key));
}

/** Deep equality of plain JSON data. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keysA = Object.keys(a);
  if (keysA.length !== Object.keys(b).length) return false;
  const left = new Map<string, unknown>(Object.entries(a));
  const right = new Map<string, unknown>(Object.entries(b));
  return keysA.every((key) => right.has(key) && isSameData(left.get(key), right.get(key)));
}
