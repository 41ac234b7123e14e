import { modals } from '@mantine/modals';
import type { RunSummary } from '@/api';
import { plural } from '@/lib';
import { runTitle } from '../words';
import { useActiveRuns } from './activeRuns';

export interface Deletable {
  kind: 'network' | 'dataset';
  id: string;
  name: string;
}

/** The runs under way that a network or dataset is needed for. */
export function runsUsing<R extends Pick<RunSummary, 'network_id' | 'dataset_id'>>(
  { kind, id }: Pick<Deletable, 'kind' | 'id'>,
  runs: readonly R[],
): R[] {
  return runs.filter((run) => (kind === 'network' ? run.network_id : run.dataset_id) === id);
}

/** Does at once what puts something into the bin, unless a run under way uses it: then it asks. */
export function useConfirmInUse(): (thing: Deletable, act: () => void) => void {
  const { data: runs = [] } = useActiveRuns();
  return (thing, act) => {
    const using = runsUsing(thing, runs);
    const [first] = using;
    if (first === undefined) {
      act();
      return;
    }
    const who = using.length === 1 ? runTitle(first) : plural(using.length, 'run');
    modals.openConfirmModal({
      title: `Put ${thing.name} into the bin?`,
      children: `${who}, under way, ${using.length === 1 ? 'uses' : 'use'} it. Training goes on with the state it was started with, but this ${thing.kind} is missing everywhere else until it is put back.`,
      labels: { confirm: 'Put into the bin', cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: act,
    });
  };
}
