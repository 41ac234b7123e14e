/**
 * Reading unknown JSON into typed data, with the place of a mistake in the message.
 *
 * This is a border of the program: text from a file, the clipboard, storage or the network.
 */

export class MalformedData extends Error {
  override readonly name = 'MalformedData';
}

export type Reader<T> = (value: unknown, path: string) => T;
type Fields = ReadonlyMap<string, unknown>;

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function refuse(path: string, wanted: string, value: unknown): never {
  throw new MalformedData(`${path || 'The text'} should be ${wanted}, but is ${describe(value)}.`);
}

export const readString: Reader<string> = (value, path) =>
  typeof value === 'string' ? value : refuse(path, 'text', value);

export const readNumber: Reader<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse(path, 'a number', value);

export const readBoolean: Reader<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false', value);

export function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null || value === undefined ? null : read(value, path));
}

export function listOf<T>(read: Reader<T>): Reader<T[]> {
  return (value, path) =>
    Array.isArray(value)
      ? value.map((item: unknown, index) => read(item, `${path}[${index}]`))
      : refuse(path, 'a list', value);
}

export function oneOf<const T extends string>(...choices: readonly T[]): Reader<T> {
  return (value, path) =>
    choices.find((choice) => choice === value) ??
    refuse(path, `one of ${choices.join(', ')}`, value);
}

export function readFields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(path, 'an object', value);
  }
  return new Map<string, unknown>(Object.entries(value));
}

export function recordOf<T>(read: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, path) =>
    Object.fromEntries(
      [...readFields(value, path)].map(([key, item]) => [key, read(item, `${path}.${key}`)]),
    );
}

/** A field that must be there. */
export function need<T>(fields: Fields, path: string, key: string, read: Reader<T>): T {
  if (!fields.has(key)) throw new MalformedData(`${path || 'The text'} has no “${key}”.`);
  return read(fields.get(key), `${path}.${key}`);
}

/** A field that may be missing. */
export function optional<T>(
  fields: Fields,
  path: string,
  key: string,
  read: Reader<T>,
  fallback: T,
): T {
  return fields.has(key) ? read(fields.get(key), `${path}.${key}`) : fallback;
}
