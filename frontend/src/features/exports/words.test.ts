import { describe, expect, it } from 'vitest';
import { endingsText, parityText } from './words';

describe('parityText', () => {
  const parity = { oracle: 'onnxruntime 1.31.1', inputs: 'random (batch 2)', max_abs_value: 3.14159, max_abs_diff: 2.4e-7 };

  it('says how far the file is from the network', () => {
    expect(parityText(parity)).toBe(
      'Largest difference 2.4e-7 against onnxruntime 1.31.1 on random input (batch 2), where the largest value is 3.14.',
    );
  });

  it('says where a difference begins, and when there is none', () => {
    expect(parityText({ ...parity, max_abs_diff: 0.5, first_above: 'conv2' })).toContain(
      'It first exceeds 1e-4 at conv2.',
    );
    expect(parityText({ ...parity, max_abs_diff: 0 })).toMatch(/^No difference against onnxruntime/);
  });
});

it('names the endings that a browser can download', () => {
  expect(endingsText(['', '.zip'])).toBe('.zip');
  expect(endingsText([''])).toBe('.zip');
});
