import { expect, test } from 'vitest';
import { fieldsOf, numberProblem, valueAt, withValue } from './schemaFields';

const SCHEMA = {
  $defs: {
    Optimizer: {
      properties: {
        type: { enum: ['sgd', 'adamw'], default: 'adamw', type: 'string' },
        learning_rate: { type: 'number', exclusiveMinimum: 0, maximum: 100, default: 0.001 },
        nesterov: { type: 'boolean', default: false },
      },
    },
  },
  properties: {
    task: { properties: { type: { const: 'classification' } } },
    optimizer: { $ref: '#/$defs/Optimizer', default: {} },
    epochs: { type: 'integer', minimum: 1, default: 10 },
    device: { type: 'string', pattern: '^cpu$', default: 'auto' },
  },
};

test('the schema decides which fields there are and what they take', () => {
  const fields = fieldsOf(SCHEMA);
  expect(fields.map(({ path }) => path)).toEqual([
    'optimizer.type', 'optimizer.learning_rate', 'optimizer.nesterov', 'epochs', 'device',
  ]);
  expect(fields[0]).toEqual({ kind: 'choice', path: 'optimizer.type', options: ['sgd', 'adamw'] });
  expect(fields[1]).toMatchObject({ kind: 'number', min: 0, isMinExclusive: true, max: 100, isInteger: false });
  expect(fields[3]).toMatchObject({ isInteger: true, min: 1, max: null });
});

test('a number that cannot be used is told and never changed', () => {
  const [, rate, , epochs] = fieldsOf(SCHEMA);
  if (rate?.kind !== 'number' || epochs?.kind !== 'number') throw new Error('no numbers');
  expect(numberProblem(epochs, '0')).toBe('At least 1.');
  expect(numberProblem(epochs, '1.5')).toBe('Type a whole number.');
  expect(numberProblem(epochs, '12')).toBeNull();
  expect(numberProblem(rate, 'abc')).toBe('Type a number.');
  expect(numberProblem(rate, '')).toBe('Type a number.');
  expect(numberProblem(rate, '0')).toBe('More than 0.');
  expect(numberProblem(rate, '101')).toBe('At most 100.');
  expect(numberProblem(rate, '3e-4')).toBeNull();
});

test('a value is read and changed by its path, and the rest is shared', () => {
  const config = { optimizer: { type: 'sgd', learning_rate: 0.1 }, augmentation: { flip: false } };
  const next = withValue(config, 'optimizer.learning_rate', 0.2);
  expect(valueAt(next, 'optimizer.learning_rate')).toBe(0.2);
  expect(valueAt(config, 'optimizer.learning_rate')).toBe(0.1);
  expect(next.augmentation).toBe(config.augmentation);
  expect(valueAt(config, 'nothing.there')).toBeUndefined();
});
