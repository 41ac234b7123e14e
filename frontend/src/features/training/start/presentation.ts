import type { RunCheck, RunConfig } from '@/api';
import { valueAt } from './schemaFields';

/** How a field of the schema is shown. Which fields there are, the schema alone decides. */
export interface Presentation {
  label: string;
  description?: string;
  unit?: string;
  /** Steps of the arrows; learning rates move by factors instead and take none. */
  step?: number;
  options?: Readonly<Record<string, string>>;
  /** Shown only when it matters: momentum belongs to SGD. */
  isUsed?: (config: RunConfig) => boolean;
}

export interface Section {
  title: string;
  /** Fields whose path starts with one of these belong here. */
  paths: readonly string[];
  hint: string;
}

export const BASIC_PATHS: readonly string[] = [
  'epochs', 'batch_size', 'optimizer.type', 'optimizer.learning_rate', 'device',
];

export const SECTIONS: readonly Section[] = [
  { title: 'Augmentation', paths: ['augmentation.'], hint: 'Random changes of training images, off by default' },
  { title: 'Optimizer and schedule', paths: ['optimizer.', 'schedule.'], hint: 'How fast, and how the rate changes' },
  { title: 'Frozen layers', paths: ['unfreeze.'], hint: 'Thaw them one group at a time' },
  { title: 'Loss and early stop', paths: ['task.', 'early_stop.', 'best_metric'], hint: 'Uneven classes, when to end' },
  { title: 'Several devices', paths: ['devices'], hint: 'GPUs that share each batch' },
  { title: 'Reproducibility', paths: ['seed', 'precision', 'checkpoint_every_s'], hint: 'Seed, precision, checkpoints' },
];

const isSgd = (config: RunConfig) => config.optimizer.type === 'sgd';

export const PRESENTATIONS: Readonly<Record<string, Presentation>> = {
  epochs: { label: 'Epochs', description: 'Passes over the training data', step: 1 },
  batch_size: { label: 'Batch size', description: 'Images per step', step: 16 },
  device: { label: 'Device' },
  devices: { label: 'Number of devices', description: 'They share each batch and start together', step: 1 },
  seed: { label: 'Seed', description: 'The same seed gives the same run', step: 1 },
  precision: {
    label: 'Precision',
    options: { auto: 'as the device does best', float32: 'float32', bfloat16: 'bfloat16', float16: 'float16' },
  },
  best_metric: {
    label: 'Best checkpoint by',
    options: { loss: 'Validation loss', accuracy: 'Accuracy', balanced_accuracy: 'Balanced accuracy' },
  },
  checkpoint_every_s: { label: 'Checkpoint every', unit: 's', step: 10 },
  'task.class_weights': {
    label: 'Class weights',
    options: { none: 'none', balanced: 'balanced: rare classes count more' },
  },
  'task.label_smoothing': { label: 'Label smoothing', description: '0 trusts every label fully', step: 0.05 },
  'optimizer.type': { label: 'Optimizer', options: { sgd: 'SGD', adam: 'Adam', adamw: 'AdamW' } },
  'optimizer.learning_rate': { label: 'Learning rate' },
  'optimizer.weight_decay': { label: 'Weight decay' },
  'optimizer.momentum': { label: 'Momentum', step: 0.05, isUsed: isSgd },
  'optimizer.nesterov': { label: 'Nesterov momentum', isUsed: isSgd },
  'schedule.type': {
    label: 'Schedule',
    options: { constant: 'constant', step: 'in steps', cosine: 'cosine', one_cycle: 'one cycle' },
  },
  'schedule.warmup_epochs': {
    label: 'Warm-up',
    unit: 'epochs',
    description: 'Rises linearly at the start',
    step: 0.5,
    isUsed: (config) => config.schedule.type !== 'one_cycle',
  },
  'schedule.step_epochs': {
    label: 'Lower every',
    unit: 'epochs',
    step: 1,
    isUsed: (config) => config.schedule.type === 'step',
  },
  'schedule.gamma': { label: 'Lower by factor', step: 0.1, isUsed: (config) => config.schedule.type === 'step' },
  'augmentation.horizontal_flip': { label: 'Flip left and right' },
  'augmentation.vertical_flip': { label: 'Flip upside down' },
  'augmentation.crop_padding_px': { label: 'Shift by up to', unit: 'px', step: 1 },
  'augmentation.rotate_degrees': { label: 'Rotate by up to', unit: '°', step: 5 },
  'augmentation.brightness': { label: 'Brightness', description: '0 to 1', step: 0.1 },
  'augmentation.contrast': { label: 'Contrast', description: '0 to 1', step: 0.1 },
  'augmentation.saturation': { label: 'Saturation', description: '0 to 1', step: 0.1 },
  'unfreeze.is_enabled': { label: 'Unfreeze gradually, from the output backwards' },
  'unfreeze.every_epochs': {
    label: 'Next group every',
    unit: 'epochs',
    description: 'A group is a block, or a layer with its normalization',
    step: 1,
    isUsed: (config) => config.unfreeze.is_enabled,
  },
  'unfreeze.rate_factor': {
    label: 'Learning rate of thawed layers, times',
    description: 'Less than 1 is gentle on what they know',
    step: 0.1,
    isUsed: (config) => config.unfreeze.is_enabled,
  },
  'early_stop.is_enabled': { label: 'Stop early when it no longer improves' },
  'early_stop.patience_epochs': {
    label: 'Patience',
    unit: 'epochs',
    step: 1,
    isUsed: (config) => config.early_stop.is_enabled,
  },
};

/** A field that is new on the server is shown under its own name until it gets a better one. */
export function presentationOf(path: string): Presentation {
  const known = PRESENTATIONS[path];
  if (known) return known;
  const name = (path.split('.').at(-1) ?? path).replaceAll('_', ' ');
  return { label: name.charAt(0).toUpperCase() + name.slice(1) };
}

export function isUsed(path: string, config: RunConfig): boolean {
  return presentationOf(path).isUsed?.(config) ?? true;
}

/** The images are still coming in: how many there are says nothing yet. */
export const isFilling = ({ problems }: Pick<RunCheck, 'problems'>): boolean =>
  problems.some(({ code }) => code === 'data_still_coming_in');

export const isAugmented = (config: RunConfig): boolean =>
  Object.values(config.augmentation).some((value) => value !== false && value !== 0);

/** The names of the settings in a section that differ from the defaults, for its closed line. */
export function changedLabels(paths: readonly string[], config: RunConfig, defaults: RunConfig): string[] {
  return paths.filter((path) => valueAt(config, path) !== valueAt(defaults, path)).map((path) => presentationOf(path).label);
}
