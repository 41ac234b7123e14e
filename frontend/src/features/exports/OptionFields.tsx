import { NumberInput, Select, Switch, TextInput } from '@mantine/core';
import type { OptionField, OptionValue, OptionValues } from './options';

interface OptionFieldsProps {
  fields: readonly OptionField[];
  values: OptionValues;
  onChange: (name: string, value: OptionValue) => void;
}

/** What can be chosen of a format; what is not touched stays as the format has it. */
export function OptionFields({ fields, values, onChange }: OptionFieldsProps) {
  return fields.map((field) => (
    <Field
      key={field.name}
      field={field}
      value={values[field.name] ?? field.initial}
      onChange={(value) => onChange(field.name, value)}
    />
  ));
}

interface FieldProps {
  field: OptionField;
  value: OptionValue | null;
  onChange: (value: OptionValue) => void;
}

function Field({ field, value, onChange }: FieldProps) {
  const about = { label: field.title, description: field.help };
  switch (field.kind) {
    case 'bool':
      return (
        <Switch {...about} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
      );
    case 'int':
    case 'float':
      return (
        <NumberInput
          {...about}
          maw={320}
          value={typeof value === 'number' ? value : ''}
          {...(field.minimum === null ? {} : { min: field.minimum })}
          {...(field.maximum === null ? {} : { max: field.maximum })}
          allowDecimal={field.kind === 'float'}
          onChange={(next) => {
            if (typeof next === 'number') onChange(next);
          }}
        />
      );
    case 'choice':
      return (
        <Select
          {...about}
          maw={320}
          data={field.choices.map(String)}
          value={value === null ? null : String(value)}
          allowDeselect={false}
          onChange={(text) => {
            const chosen = field.choices.find((choice) => String(choice) === text);
            if (chosen !== undefined) onChange(chosen);
          }}
        />
      );
    case 'text':
      return (
        <TextInput
          {...about}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}
