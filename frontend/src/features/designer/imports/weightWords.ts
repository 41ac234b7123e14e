import type { MatchRow, WeightFileFits, WeightMatching } from '@/api';
import { formatCount, plural } from '@/lib';

/** How images are given where weights were trained, as the API names it. */
export type Images = 'imagenet' | 'caffe' | 'symmetric' | 'unit';

export const IMAGES: readonly { value: Images; label: string }[] = [
  { value: 'imagenet', label: 'Mean and deviation of ImageNet (PyTorch)' },
  { value: 'caffe', label: '0 to 255, blue first, less the mean (Caffe, Keras “caffe”)' },
  { value: 'symmetric', label: '-1 to 1 (Keras “tf”)' },
  { value: 'unit', label: '0 to 1' },
];

const HOW: Record<MatchRow['how'], string> = {
  name: 'name',
  prefix: 'name, prefix',
  'shape in order': 'shape, in order',
  none: 'not loaded',
};

interface Filled extends Pick<WeightMatching, 'layers' | 'num_layers'> {
  readonly rows: readonly Pick<MatchRow, 'how' | 'file_key'>[];
}

/** How much of the network is filled, and how much of the file is left over. */
export function filledWords({
  layers,
  num_layers: numLayers,
  rows,
}: Filled): string {
  const numUnused = rows.filter((row) => row.how === 'none' && row.file_key !== '').length;
  const filled = `${formatCount(layers)} of ${formatCount(numLayers)} layers whole.`;
  if (numUnused === 0) return `${filled} Every tensor of the file found its place.`;
  return `${filled} ${plural(numUnused, 'tensor')} of the file found no place.`;
}

export function howWords(how: MatchRow['how']): string {
  return HOW[how];
}

/** What a file fits, as a list: `2 networks, the template ResNet-18 in part`. */
export function fitsText({ fits, templates, zoo }: Pick<WeightFileFits, 'fits' | 'templates' | 'zoo'>): string {
  const [template] = templates;
  const [entry] = zoo;
  const parts = [
    fits.length > 0 ? `${plural(fits.length, 'network')}${fits.some(isWhole) ? '' : ' in part'}` : null,
    template === undefined ? null : `the template ${template.name}${isWhole(template) ? '' : ' in part'}`,
    entry === undefined ? null : `${entry.name} of the zoo`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'nothing here' : parts.join(', ');
}

/** Whether every tensor of the file has a place. */
function isWhole({ num_matched: numMatched, num_in_file: numInFile }: WeightFileFits['fits'][number] | WeightFileFits['templates'][number]): boolean {
  return numMatched >= numInFile;
}

export function shapeText(shape: readonly number[] | undefined): string {
  return shape === undefined || shape.length === 0 ? '' : shape.join(' × ');
}

/** The parts of a tensor's name, each with the dot, slash or underscore that ends it. */
export function nameParts(name: string): readonly string[] {
  return name.match(/[^._/:]*[._/:]+|[^._/:]+$/g) ?? [name];
}
