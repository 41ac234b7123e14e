/**
 * Exponential moving average without the pull towards zero at the start (the correction of Adam's
 * moments, Kingma and Ba 2015). `weight` is the share of the past, 0 to below 1.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...values];
  let average = 0;
  let known = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    known += 1;
    average = average * weight + value * (1 - weight);
    return average / (1 - weight ** known);
  });
}

export interface XY {
  x: readonly number[];
  y: readonly number[];
}

/** Puts curves with different x values on one axis, `undefined` where a curve has no point. */
export function alignCurves(curves: readonly XY[]): { x: number[]; ys: (number | undefined)[][] } {
  const x = [...new Set(curves.flatMap((curve) => [...curve.x]))].sort((a, b) => a - b);
  const place = new Map(x.map((value, index) => [value, index]));
  const ys = curves.map((curve) => {
    const column = new Array<number | undefined>(x.length).fill(undefined);
    curve.x.forEach((value, index) => {
      const at = place.get(value);
      const y = curve.y[index];
      if (at !== undefined && y !== undefined && Number.isFinite(y)) column[at] = y;
    });
    return column;
  });
  return { x, ys };
}
