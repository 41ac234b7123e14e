import type { ZooRow, ZooWeights } from '@/api';
import { formatBytes } from '@/lib';
import { flopsText, scaled } from '../analysis/costs';

export const NOT_KNOWN = '–';

export const parametersText = (count: number | null | undefined): string =>
  count == null ? NOT_KNOWN : scaled(count).trim();

export const computeText = (flops: number | null | undefined): string =>
  flops == null ? NOT_KNOWN : flopsText(flops);

export const sizeText = (megabytes: number | null | undefined): string =>
  megabytes == null ? NOT_KNOWN : formatBytes(megabytes * 1e6);

export const accuracyText = (percent: number | null | undefined): string =>
  percent == null ? NOT_KNOWN : `${percent.toFixed(1)} %`;

/** `3 × 224 × 224`, frames in front for a video. */
export function inputText({ input }: Pick<ZooWeights, 'input'>): string {
  const { channels = 3, frames, height = 224, width = 224 } = input ?? {};
  const image = `${String(height)} × ${String(width)}`;
  const whole = `${String(channels)} × ${frames == null ? '' : `${String(frames)} × `}${image}`;
  return `${whole} px`;
}

/** How an image becomes what the network was trained on. */
export function preprocessingText({ input }: Pick<ZooWeights, 'input'>): string {
  const { resize, height = 224, width = 224, mean = [], std = [] } = input ?? {};
  const steps = [
    resize == null ? '' : `shorter side to ${String(resize)} px`,
    `middle ${String(height)} × ${String(width)} px`,
    'scaled to 0 to 1',
    mean.length === 0 ? '' : `minus ${list(mean)}`,
    std.length === 0 ? '' : `divided by ${list(std)}`,
  ];
  return steps.filter(Boolean).join(', ');
}

const list = (values: readonly number[]): string =>
  values.map((value) => String(Number(value.toFixed(4)))).join(' / ');

/** `ImageNet-1K acc@1` is what most people call top-1 accuracy on ImageNet. */
export function measureText(measure: string): string {
  return measure.replace('acc@', 'top-').replace('_', ' ') || 'accuracy';
}

/** The measure that most rows share: others cannot be compared with it. */
export function commonMeasure(rows: readonly ZooRow[]): string {
  const counts = new Map<string, number>();
  for (const { measure, accuracy } of rows) {
    if (measure && accuracy != null) counts.set(measure, (counts.get(measure) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
