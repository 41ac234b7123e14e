import { NumberInput, Select } from '@mantine/core';
import type { TransferOptions } from '@/api';
import { DESIGNER_IDS } from '../testids';
import classes from './Transfer.module.css';

interface TransferFieldsProps {
  options: TransferOptions;
  /** Layers with weights, in computing order. */
  layers: readonly string[];
  onChange: (options: TransferOptions) => void;
}

/** What can be frozen in any network. */
export const FREEZE = [
  { value: 'backbone', label: 'All but the new head' },
  { value: 'none', label: 'Nothing' },
];
const RATES = [
  { value: '1', label: 'As fast as the head' },
  { value: '0.1', label: 'A tenth as fast' },
  { value: '0.01', label: 'A hundredth as fast' },
  { value: 'graded', label: 'Rising from a hundredth' },
];

/** What is frozen, how fast earlier layers learn, which head. */
export function TransferFields({ options, layers, onChange }: TransferFieldsProps) {
  const rate = options.is_graded ? 'graded' : String(options.backbone_rate);
  const isFrozen = options.freeze !== 'none';
  const setRate = (value: string): void => {
    const isGraded = value === 'graded';
    onChange({ ...options, is_graded: isGraded, backbone_rate: isGraded ? 0.01 : Number(value) });
  };
  return (
    <div className={classes.fields}>
      <Select
        label="Frozen"
        searchable
        allowDeselect={false}
        data={[
          { group: 'Usual', items: FREEZE },
          { group: 'Up to a layer', items: layers.map((name) => ({ value: name, label: name })) },
        ]}
        value={options.freeze}
        onChange={(freeze) => freeze !== null && onChange({ ...options, freeze })}
        data-testid={DESIGNER_IDS.transferFreeze}
      />
      <Select
        label="Earlier layers that learn"
        allowDeselect={false}
        data={RATES}
        value={rate}
        onChange={(value) => value !== null && setRate(value)}
      />
      <NumberInput
        label="Thaw a group every"
        suffix=" epochs"
        placeholder="Never"
        min={1}
        max={1000}
        disabled={!isFrozen}
        value={options.unfreeze_every_epochs ?? ''}
        onChange={(value) =>
          onChange({
            ...options,
            unfreeze_every_epochs: typeof value === 'number' && value >= 1 ? Math.round(value) : null,
          })
        }
      />
      <Select
        label="New head"
        allowDeselect={false}
        data={[
          { value: 'same', label: 'The last layer alone' },
          { value: 'pooled', label: 'Behind the last feature map' },
        ]}
        value={options.head}
        onChange={(head) => onChange({ ...options, head: head === 'pooled' ? 'pooled' : 'same' })}
      />
    </div>
  );
}
