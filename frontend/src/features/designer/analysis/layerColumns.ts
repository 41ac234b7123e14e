import { formatBytes, formatCount, formatPercent } from '@/lib';
import { scaled } from './costs';
import type { LayerRow, SortColumn } from './layerRows';

export interface LayerColumn {
  readonly id: SortColumn;
  readonly title: string;
  readonly hint: string;
  readonly text: (row: LayerRow) => string;
  /** Columns that a total makes sense of. */
  readonly total?: (sum: number) => string;
}

/** Weights that several layers use are counted once. */
const parametersText = ({ parameters, countedIn }: LayerRow): string =>
  countedIn === '' ? formatCount(parameters) : `shared with ${countedIn}`;

/** The columns behind the layer's name that a person can choose from. */
export const CHOSEN_COLUMNS: readonly LayerColumn[] = [
  { id: 'output', title: 'Output', hint: 'Shape of what the layer gives', text: (row) => row.output || '–' },
  { id: 'field', title: 'Sees', hint: 'Receptive field: positions of the input that one position of the output depends on', text: (row) => row.field || '–' },
  { id: 'parameters', title: 'Parameters', hint: 'Learnable numbers', text: parametersText, total: formatCount },
  { id: 'weights', title: 'Weights', hint: 'Where the weights come from, and whether they are frozen', text: (row) => row.weights || '–' },
  { id: 'share', title: 'Share', hint: 'Part of all parameters', text: (row) => formatPercent(row.share) },
  { id: 'macs', title: 'MACs', hint: 'Multiply-adds per sample', text: (row) => scaled(row.macs), total: scaled },
  { id: 'flops', title: 'FLOPs', hint: 'Operations per sample; a multiply-add is two', text: (row) => scaled(row.flops), total: scaled },
  { id: 'memory', title: 'Activations', hint: 'What the layer gives, per sample', text: (row) => formatBytes(row.memory), total: formatBytes },
  { id: 'kept', title: 'Kept', hint: 'What training holds until the backward pass, per sample', text: (row) => formatBytes(row.kept), total: formatBytes },
  { id: 'gradient', title: 'Gradients', hint: 'Gradients of the trained parameters', text: (row) => formatBytes(row.gradient), total: formatBytes },
]; // prettier-ignore

export const NUMBERS: ReadonlySet<SortColumn> = new Set([
  'order', 'fieldSize', 'parameters', 'share', 'macs', 'flops', 'memory', 'kept', 'gradient',
]); // prettier-ignore
