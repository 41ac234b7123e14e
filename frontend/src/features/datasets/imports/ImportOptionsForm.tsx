import { Collapse, NumberInput, Select, TextInput, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import classes from './ImportDialog.module.css';
import type { ImportOptions } from './useImport';

/** What the form holds; shares in per cent, as people say them. */
export interface ImportChoices {
  validationPercent: number;
  testPercent: number;
  groupPattern: string;
  labelFrom: 'folder' | 'none';
}

export const DEFAULT_CHOICES: ImportChoices = {
  validationPercent: 15,
  testPercent: 15,
  groupPattern: '',
  labelFrom: 'folder',
};

export function optionsOf(choices: ImportChoices): ImportOptions {
  const pattern = choices.groupPattern.trim();
  return {
    split_ratio: { validation: choices.validationPercent / 100, test: choices.testPercent / 100 },
    group_pattern: pattern === '' ? null : pattern,
    label_from: choices.labelFrom,
  };
}

interface ImportOptionsFormProps {
  choices: ImportChoices;
  isCsv: boolean;
  onChange: (choices: ImportChoices) => void;
}

export function ImportOptionsForm({ choices, isCsv, onChange }: ImportOptionsFormProps) {
  const [isOpen, setOpen] = useState(false);
  const train = 100 - choices.validationPercent - choices.testPercent;
  const set = (part: Partial<ImportChoices>) => onChange({ ...choices, ...part });
  return (
    <div className={classes.options}>
      <UnstyledButton className={classes.fold} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <IconChevronRight size={15} className={classes.chevron} aria-hidden />
        <b>Splits and labels</b>
        <span className={classes.foldHint}>
          {train} / {choices.validationPercent} / {choices.testPercent} %, unless folders say which
        </span>
      </UnstyledButton>
      <Collapse expanded={isOpen} transitionDuration={100}>
        <div className={classes.optionGrid}>
          <NumberInput
            label="Validation"
            suffix=" %"
            min={0}
            max={90 - choices.testPercent}
            value={choices.validationPercent}
            onChange={(value) => set({ validationPercent: Number(value) || 0 })}
          />
          <NumberInput
            label="Test"
            suffix=" %"
            min={0}
            max={90 - choices.validationPercent}
            value={choices.testPercent}
            onChange={(value) => set({ testPercent: Number(value) || 0 })}
          />
          {!isCsv && (
            <Select
              label="Labels"
              data={[
                { value: 'folder', label: 'from folder names' },
                { value: 'none', label: 'none, I label here' },
              ]}
              value={choices.labelFrom}
              onChange={(value) => set({ labelFrom: value === 'none' ? 'none' : 'folder' })}
            />
          )}
          <TextInput
            label="Belongs together"
            description="{group} stands for what must not be torn between splits."
            placeholder="{group}_*"
            value={choices.groupPattern}
            onChange={(event) => set({ groupPattern: event.currentTarget.value })}
          />
        </div>
        <p className={classes.note}>
          Folders named train, validation or test decide for their images. A split never moves once it is decided.
        </p>
      </Collapse>
    </div>
  );
}
