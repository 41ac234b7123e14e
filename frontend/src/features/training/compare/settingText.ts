/** A setting of a run as text; lists and objects as JSON. */
export function settingText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return value === null || value === undefined ? 'none' : JSON.stringify(value);
}
