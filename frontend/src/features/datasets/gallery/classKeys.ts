const KEYS = '123456789abcdefghijklmnopqrstuvwxyz';

/** The key that sets the class at a place in the order: 1 to 9, then the letters. */
export function keyOfClass(order: number): string | null {
  return KEYS[order] ?? null;
}

/** The place of the class that a pressed key means. `0` and Delete take the label away. */
export function classOfKey(key: string): number | null {
  const index = KEYS.indexOf(key.toLowerCase());
  return key.length === 1 && index >= 0 ? index : null;
}

export const isClearKey = (key: string): boolean => key === '0' || key === 'Delete' || key === 'Backspace';
