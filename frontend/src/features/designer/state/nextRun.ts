/** Networks whose page opens with the training dialog. */

const waiting = new Set<string>();

export function trainNext(networkId: string): void {
  waiting.add(networkId);
}

/** Once: coming back to the network later does not open the dialog again. */
export function takesTraining(networkId: string): boolean {
  return waiting.delete(networkId);
}
