import type { ImportedPiece, NetworkImportReport } from '@/api';
import { plural } from '@/lib';

export function outcomeWords(outcome: ImportedPiece['outcome']): string {
  switch (outcome) {
    case 'layer':
      return 'Layer';
    case 'operator':
      return 'Operator';
    case 'folded':
      return 'Folded';
    case 'placeholder':
      return 'Placeholder';
  }
}

/** How many pieces came in which way, e.g. “12 layers, 1 folded into others.” */
export function summaryOf(
  { pieces = [] }: Pick<NetworkImportReport, 'pieces'>,
  numTensors: number,
): string {
  if (pieces.length === 0 && numTensors > 0) return 'Weights alone, loaded into layers that were here.';
  const count = (outcome: ImportedPiece['outcome']): number =>
    pieces.filter((piece) => piece.outcome === outcome).length;
  const parts = [
    plural(count('layer'), 'layer'),
    count('operator') > 0 ? plural(count('operator'), 'operator') : null,
    count('folded') > 0 ? `${count('folded')} folded into others` : null,
    count('placeholder') > 0 ? `${plural(count('placeholder'), 'placeholder')} that cannot run` : null,
  ];
  return `${parts.filter((part) => part !== null).join(', ')}.`;
}
