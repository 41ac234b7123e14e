import type { BudgetUse, NodeAnalysis, Totals } from '../state/contract';

const BYTES_PER_PARAMETER = 4;

/**
 * The part of a budget that a layer takes, as a fraction of the limit; null where a layer has no
 * part of it. Of training memory, by what training holds of each layer.
 */
export function costIn(use: BudgetUse, node: NodeAnalysis, totals: Totals): number | null {
  switch (use.budget) {
    case 'parameters':
      return node.parameters / use.limit;
    case 'weight_bytes':
      return (node.parameters * BYTES_PER_PARAMETER) / use.limit;
    case 'flops':
      return node.flops / use.limit;
    case 'training_bytes': {
      if (use.used === null || totals.kept_bytes === 0) return null;
      return (((node.kept_bytes ?? 0) / totals.kept_bytes) * use.used) / use.limit;
    }
    default:
      return null;
  }
}
