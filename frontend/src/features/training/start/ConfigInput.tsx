import { NumberInput, Select, Switch, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { http, type Device } from '@/api';
import { TESTIDS } from '@/lib';
import { presentationOf } from './presentation';
import { numberProblem, type ConfigField, type NumberField } from './schemaFields';

const TEST_IDS: Readonly<Record<string, string>> = {
  epochs: TESTIDS.training.epochs,
  batch_size: TESTIDS.training.batchSize,
  'optimizer.learning_rate': TESTIDS.training.learningRate,
  'optimizer.type': TESTIDS.training.optimizer,
  seed: TESTIDS.training.seed,
  device: TESTIDS.training.device,
};

interface ConfigInputProps {
  field: ConfigField;
  value: unknown;
  /** The number as it was typed, which may mean nothing. */
  typed: string | undefined;
  onChange: (value: unknown) => void;
  onType: (text: string) => void;
}

/** One setting, with the control that fits its kind and the limits of the schema. */
export function ConfigInput({ field, value, typed, onChange, onType }: ConfigInputProps) {
  const { label, description, options } = presentationOf(field.path);
  const testId = TEST_IDS[field.path] ?? `run-${field.path}`;
  if (field.path === 'device') return <DeviceSelect value={String(value)} onChange={onChange} />;
  switch (field.kind) {
    case 'switch':
      return (
        <Switch
          label={label}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
          data-testid={testId}
        />
      );
    case 'choice':
      return (
        <Select
          label={label}
          data={field.options.map((option) => ({ value: option, label: options?.[option] ?? option }))}
          value={String(value)}
          onChange={(next) => next !== null && onChange(next)}
          data-testid={testId}
        />
      );
    case 'text':
      return (
        <TextInput
          label={label}
          description={description}
          value={String(value)}
          onChange={(event) => onChange(event.currentTarget.value)}
          data-testid={testId}
        />
      );
    case 'number':
      return <NumberSetting field={field} value={value} typed={typed} onType={onType} testId={testId} />;
  }
}

interface NumberSettingProps {
  field: NumberField;
  value: unknown;
  typed: string | undefined;
  onType: (text: string) => void;
  testId: string;
}

/** What is typed stays as it is, with what is wrong with it: no number is changed silently. */
function NumberSetting({ field, value, typed, onType, testId }: NumberSettingProps) {
  const { label, unit, step } = presentationOf(field.path);
  const text = typed ?? (typeof value === 'number' ? String(value) : '');
  const error = numberProblem(field, text);
  if (step === undefined) {
    return (
      <TextInput
        label={label}
        value={text}
        error={error}
        inputMode="decimal"
        autoComplete="off"
        onChange={(event) => onType(event.currentTarget.value)}
        data-testid={testId}
      />
    );
  }
  return (
    <NumberInput
      label={label}
      value={text}
      error={error}
      onChange={(next) => onType(String(next))}
      clampBehavior="none"
      {...(field.min === null || field.isMinExclusive ? {} : { min: field.min })}
      {...(field.max === null ? {} : { max: field.max })}
      {...(unit === undefined ? {} : { suffix: ` ${unit}` })}
      step={step}
      data-testid={testId}
    />
  );
}

function DeviceSelect({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { data } = useQuery({
    queryKey: ['devices'],
    queryFn: () => http.get<Device[] | { items: Device[] }>('/api/devices'),
    staleTime: 60_000,
  });
  const devices = Array.isArray(data) ? data : (data?.items ?? []);
  const known = devices.map(({ id, name, is_available, reason }) => ({
    value: id,
    label: is_available ? `${id}, ${name}` : `${id}: ${reason}`,
    disabled: !is_available,
  }));
  const options = [{ value: 'auto', label: 'the best there is' }, ...known];
  if (!options.some((option) => option.value === value)) options.push({ value, label: value });
  return (
    <Select
      label="Device"
      data={options}
      value={value}
      onChange={(next) => next !== null && onChange(next)}
      data-testid={TESTIDS.training.device}
    />
  );
}
