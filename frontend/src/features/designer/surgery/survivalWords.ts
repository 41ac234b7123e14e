/** What is said of weights that survive where counts alone would mislead. */

import type { Survival } from '../state/surgery';

/**
 * Why nothing is counted as there afterwards, and what is left out of the counts; empty where the
 * counts say it all.
 */
export function survivalNote(survival: Survival, otherName?: string): string {
  const hasSome = survival.kept + survival.resized + survival.new > 0;
  if (!survival.is_complete) {
    return hasSome
      ? 'Some layers have shapes that are not known yet; their weights are not counted.'
      : 'The shapes of these layers are not known yet, so their weights cannot be counted. Solve the problems of the network first.';
  }
  if (hasSome) return '';
  if (survival.removed > 0) return 'None survive: what is left has no weights.';
  return otherName === undefined ? 'No layer has weights.' : `No layer of ${otherName} has weights.`;
}

/** What a run has to start from for the counts to hold. */
export function survivalCondition(otherName: string | undefined, isMerge: boolean): string {
  if (otherName !== undefined) return 'when the run starts from them as well';
  return isMerge
    ? 'when a run starts from weights of this network alone'
    : 'when a run starts from weights of this network as it is now';
}
