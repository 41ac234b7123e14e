import type { ExportedNetwork } from '@/api';

type Parity = NonNullable<ExportedNetwork['report']['parity']>;

/** Endings of file names; a folder, which has none, is downloaded as a zip. */
export function endingsText(endings: readonly string[]): string {
  return endings.filter((ending) => ending !== '').join(' ') || '.zip';
}

/** What the check says, e.g. “Largest difference 2.4e-7 against onnxruntime 1.31.1”. */
export function parityText({ oracle, inputs, max_abs_diff, max_abs_value, first_above }: Parity): string {
  const where = first_above == null ? '' : ` It first exceeds 1e-4 at ${first_above}.`;
  const largest =
    max_abs_diff === 0
      ? `No difference against ${oracle}`
      : `Largest difference ${shortNumber(max_abs_diff)} against ${oracle}`;
  const given = inputs.replace(/^random\b/, 'random input');
  return `${largest} on ${given}, where the largest value is ${shortNumber(max_abs_value)}.${where}`;
}

function shortNumber(value: number): string {
  const isHandy = value === 0 || (value >= 0.001 && value < 10_000);
  return isHandy ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}
