import type { SyntheticEvent } from 'react';

const TINY_PX = 64;

/** Pictures of a few pixels stay sharp, large as well as small, instead of turning into a blur. */
export function keepPixels(event: SyntheticEvent<HTMLImageElement>): void {
  const { naturalWidth, naturalHeight, dataset } = event.currentTarget;
  if (Math.max(naturalWidth, naturalHeight) <= TINY_PX) dataset['tiny'] = 'true';
}
