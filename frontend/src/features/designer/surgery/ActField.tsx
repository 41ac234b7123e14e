import { NumberInput, SegmentedControl, Select, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ParamValue } from '../document/types';
import { parseParam } from '../properties/shared';
import type { ParamDescription } from '../state/contract';
import { DESIGNER_IDS } from '../testids';
import classes from './Surgery.module.css';

interface ActFieldProps {
  param: ParamDescription;
  value: ParamValue;
  /** Undefined while what is typed means nothing: the value is then not what the field shows. */
  onChange: (value: ParamValue | undefined) => void;
}

const FEW = 4;

/** One thing an act asks. What it means stands below it, as it is asked once and not every day. */
export function ActField({ param, value, onChange }: ActFieldProps) {
  const id = `surgery-${param.name}`;
  const testId = DESIGNER_IDS.surgeryField(param.name);
  const common = { id, 'data-testid': testId, 'aria-describedby': `${id}-text` };
  return (
    <div className={classes.field}>
      <label htmlFor={id} id={`${id}-label`} className={classes.label}>
        {param.title}
      </label>
      <div>
        <Control param={param} value={value} onChange={onChange} common={common} />
        <div id={`${id}-text`} className={classes.help}>
          {param.description}
        </div>
      </div>
    </div>
  );
}

interface ControlProps extends ActFieldProps {
  common: { id: string; 'data-testid': string; 'aria-describedby': string };
}

function Control({ param, value, onChange, common }: ControlProps) {
  if (param.kind === 'bool') {
    return (
      <Switch
        {...common}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (param.kind === 'int' || param.kind === 'float') {
    return <NumberField param={param} value={value} onChange={onChange} common={common} />;
  }
  if (param.kind === 'text') {
    return (
      <TextInput
        {...common}
        size="xs"
        maw={380}
        value={typeof value === 'string' ? value : ''}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  if (param.kind === 'int_list' || param.kind === 'float_list') {
    return <ListInput param={param} value={value} onChange={onChange} common={common} />;
  }
  const choices = param.choices.map(String);
  const choose = (text: string | null): void => {
    if (text !== null) onChange(text);
  };
  return choices.length <= FEW && choices.length > 0 ? (
    <SegmentedControl
      {...common}
      aria-labelledby={`${common.id}-label`}
      size="xs"
      data={choices}
      value={String(value)}
      onChange={choose}
    />
  ) : (
    <Select
      {...common}
      size="xs"
      maw={280}
      openOnFocus={false}
      searchable
      data={choices}
      value={value === null || value === '' ? null : String(value)}
      onChange={choose}
      nothingFoundMessage="Nothing of that name fits here."
    />
  );
}

/** A number; while nothing stands there that is one, the field says so. */
function NumberField({ param, value, onChange, common }: ControlProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const known = typeof value === 'number' ? value : '';
  return (
    <NumberInput
      {...common}
      size="xs"
      maw={160}
      value={typed ?? known}
      error={typed === null ? null : 'Type a number.'}
      {...(param.minimum === null ? {} : { min: param.minimum })}
      {...(param.maximum === null ? {} : { max: param.maximum })}
      allowDecimal={param.kind === 'float'}
      step={param.kind === 'float' ? 0.1 : 1}
      onChange={(next) => {
        const isNumber = typeof next === 'number';
        setTyped(isNumber ? null : next);
        onChange(isNumber ? next : undefined);
      }}
    />
  );
}

/** Numbers with commas between them; what is typed stays as it is typed. */
function ListInput({ param, value, onChange, common }: ControlProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? (Array.isArray(value) ? value.map(String).join(', ') : String(value ?? ''));
  const parsed = parseParam(param, text);
  const problem = typed !== null && 'problem' in parsed ? parsed.problem : '';
  const change = (next: string): void => {
    setTyped(next);
    const found = parseParam(param, next);
    onChange('value' in found ? found.value : undefined);
  };
  return (
    <TextInput
      {...common}
      size="xs"
      maw={380}
      value={text}
      error={problem === '' ? null : problem}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}
