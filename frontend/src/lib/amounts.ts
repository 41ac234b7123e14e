/** Amounts as people type them: `50000`, `50,000`, `50k`, `1.2 M`, `20 MB`. */

const SCALES: Readonly<Record<string, number>> = {
  '': 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9, t: 1e12,
  kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12,
  kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40,
};
const AMOUNT = /^(\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|(?:\d+\.?\d*|\.\d+)(?:e\+?\d+)?)\s*([a-z]*)$/i;

export interface AmountKind {
  /** Bytes: `B` is one of them, and no billion. */
  readonly isBytes?: boolean;
  /** What a number without a suffix is counted in. */
  readonly unit?: number;
}

/** The number that a text stands for; null where it stands for none. */
export function parseAmount(text: string, { isBytes = false, unit = 1 }: AmountKind = {}): number | null {
  const match = AMOUNT.exec(text.trim());
  const [, digits = '', suffix = ''] = match ?? [];
  const letters = suffix.toLowerCase();
  const scale = letters === '' ? unit : isBytes && letters === 'b' ? 1 : SCALES[letters];
  if (match === null || scale === undefined || (!isBytes && letters.length > 1)) return null;
  const value = Number(digits.replace(/[, ]/g, '')) * scale;
  // 1.2 times a million is a little more or less than that in binary.
  return Number.isFinite(value) ? Number(value.toPrecision(15)) : null;
}

/** The shortest text that stands for exactly this number: `50k`, `1.2M`, `1,234,567`. */
export function amountText(value: number, { isBytes = false }: AmountKind = {}): string {
  for (const [letter, scale] of [['T', 1e12], ['G', 1e9], ['M', 1e6], ['k', 1e3]] as const) {
    const scaled = Number((value / scale).toPrecision(15));
    const isShort = scaled >= 1 && scaled < 1000 && scaled === Number(scaled.toFixed(2));
    if (isShort) return isBytes ? `${scaled} ${letter}B` : `${scaled}${letter}`;
  }
  const plain = value.toLocaleString('en-US', { maximumFractionDigits: 6 });
  return isBytes ? `${plain} B` : plain;
}
