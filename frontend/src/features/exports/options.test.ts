import { describe, expect, it } from 'vitest';
import { fieldsOf } from './options';

describe('fieldsOf', () => {
  const schema = {
    type: 'object',
    properties: {
      opset: { type: 'integer', title: 'Opset', default: 18, minimum: 9, maximum: 28, description: 'Newest.' },
      is_dynamic: { type: 'boolean', title: 'Any batch', default: true },
      precision: { enum: ['single', 'half'], type: 'string', title: 'Precision', default: 'single' },
      length: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }], title: 'Length', default: null },
      style: { $ref: '#/$defs/Style', default: 'nested' },
      odd: { type: 'array', items: {} },
    },
    $defs: { Style: { enum: ['flat', 'nested'], type: 'string' } },
  };

  it('makes a field of each simple option, in order', () => {
    expect(fieldsOf(schema).map(({ name, kind }) => [name, kind])).toEqual([
      ['opset', 'int'],
      ['is_dynamic', 'bool'],
      ['precision', 'choice'],
      ['length', 'int'],
      ['style', 'choice'],
    ]);
  });

  it('keeps limits, choices and what is chosen when nothing is', () => {
    const [opset, , precision, length, style] = fieldsOf(schema);
    expect(opset).toMatchObject({ minimum: 9, maximum: 28, initial: 18, help: 'Newest.' });
    expect(precision?.choices).toEqual(['single', 'half']);
    expect(length).toMatchObject({ minimum: 1, initial: null });
    expect(style).toMatchObject({ choices: ['flat', 'nested'], initial: 'nested', title: 'style' });
  });

  it('takes a format without options', () => {
    expect(fieldsOf({ type: 'object', properties: {} })).toEqual([]);
  });
});
