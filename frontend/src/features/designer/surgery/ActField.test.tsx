import { MantineProvider } from '@mantine/core';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';
import type { ParamValue } from '../document/types';
import type { ParamDescription } from '../state/contract';
import { ActField } from './ActField';

const SIZES: ParamDescription = {
  name: 'sizes', kind: 'int_list', title: 'Sizes', description: '', default: [3, 3], is_required: false,
  minimum: 1, maximum: null, unit: '', choices: [], count: null, is_optional: false, is_advanced: false,
  on_card: false, section: '',
};

afterEach(cleanup);

function show(param: ParamDescription): (ParamValue | undefined)[] {
  const told: (ParamValue | undefined)[] = [];
  render(
    <MantineProvider>
      <ActField param={param} value={param.default} onChange={(value) => told.push(value)} />
    </MantineProvider>,
  );
  return told;
}

test('a list that cannot be read is said under the field, and stands for no value', async () => {
  const told = show(SIZES);
  const field = screen.getByLabelText<HTMLInputElement>('Sizes');
  await userEvent.type(field, ', y');
  expect(told.at(-1)).toBeUndefined();
  screen.getByText('Type a whole number.');
  // Nothing for the browser to say in a bubble of its own.
  expect(field.validity.valid).toBe(true);
  await userEvent.type(field, '{Backspace}5');
  expect(told.at(-1)).toEqual([3, 3, 5]);
  expect(screen.queryByText('Type a whole number.')).toBeNull();
});

test('a number that was cleared stands for no value', async () => {
  const told = show({ ...SIZES, kind: 'int', default: 10 });
  const field = screen.getByLabelText<HTMLInputElement>('Sizes');
  await userEvent.clear(field);
  expect(told.at(-1)).toBeUndefined();
  expect(field.value).toBe('');
  await userEvent.type(field, '7');
  expect(told.at(-1)).toBe(7);
});
