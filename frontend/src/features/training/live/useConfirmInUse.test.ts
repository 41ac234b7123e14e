import { expect, test } from 'vitest';
import { runsUsing } from './useConfirmInUse';

test('a run uses its network and its dataset, each by its own id', () => {
  const runs = [
    { network_id: 'n1', dataset_id: 'd1' },
    { network_id: 'n2', dataset_id: 'd1' },
  ];
  expect(runsUsing({ kind: 'network', id: 'n1' }, runs)).toEqual([runs[0]]);
  expect(runsUsing({ kind: 'dataset', id: 'd1' }, runs)).toEqual(runs);
  expect(runsUsing({ kind: 'dataset', id: 'n1' }, runs)).toEqual([]);
});
