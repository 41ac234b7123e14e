import { describe, expect, it } from 'vitest';
import type { BudgetUse, NodeAnalysis, Totals } from '../state/contract';
import { costIn } from './budgetShare';

const node = { parameters: 250, flops: 3000, kept_bytes: 30 } as NodeAnalysis;
const totals = { kept_bytes: 120 } as Totals;
const use = (budget: BudgetUse['budget'], limit: number, used: number | null): BudgetUse => ({
  budget, title: budget, limit, used, is_kept: true, offenders: [],
}); // prettier-ignore

describe("a layer's part of a budget", () => {
  it('is told as a part of the limit, bytes as four a parameter', () => {
    expect(costIn(use('parameters', 1000, 500), node, totals)).toBe(0.25);
    expect(costIn(use('weight_bytes', 2000, 500), node, totals)).toBe(0.5);
    expect(costIn(use('flops', 1500, 500), node, totals)).toBe(2);
  });

  it('shares training memory by what training holds of each layer', () => {
    expect(costIn(use('training_bytes', 800, 400), node, totals)).toBe(0.125);
  });

  it('has none of a receptive field', () => {
    expect(costIn(use('receptive_field', 100, null), node, totals)).toBeNull();
  });
});
