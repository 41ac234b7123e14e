import type { TemplateInfo } from '../state/contract';

/** A network of nothing, as a choice beside the templates. */
export const EMPTY: TemplateInfo = {
  id: 'empty',
  title: 'Empty',
  summary: 'Nothing but a canvas.',
  family: 'From scratch',
  task: '',
  can_train: true,
  note: '',
};

/** Whether a network of this kind looks at images: the data that is there can be its own. */
export const takesImages = ({ family }: TemplateInfo): boolean =>
  family !== 'Sequences' && family !== 'Text';
