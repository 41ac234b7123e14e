import type { Asked } from '../api';

/**
 * The class that people gave an image, where the network can say it: other classes than its own are
 * no mistakes of a network that came from elsewhere.
 */
export function knownTruth({ classes, runId }: Pick<Asked, 'classes' | 'runId'>, given: string | undefined): string | null {
  return given !== undefined && (runId !== null || classes.includes(given)) ? given : null;
}
