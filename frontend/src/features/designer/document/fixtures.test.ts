import { describe, expect, it } from 'vitest';
import { applyOperations } from './apply';
import { OperationRefused } from './operations';
import { parseDocument, parseOperations } from './parse';
import { readFields } from './reader';

const FILES = import.meta.glob<unknown>('../../../../../tests/fixtures/operations/*.json', {
  eager: true,
  import: 'default',
});

describe('the operations shared with the server', () => {
  it('are all there', () => {
    expect(Object.keys(FILES).length).toBeGreaterThan(50);
  });

  for (const [path, value] of Object.entries(FILES)) {
    const name = path.replace(/^.*\//, '').replace('.json', '');
    const fields = readFields(value, name);
    it(name, () => {
      const document = parseDocument(fields.get('document'));
      const operations = parseOperations(fields.get('operations'));
      if (!fields.has('result')) {
        expect(() => applyOperations(document, operations)).toThrow(OperationRefused);
        return;
      }
      const applied = applyOperations(document, operations);
      expect(applied.document).toEqual(fields.get('result'));
      expect(applied.inverses).toEqual(fields.get('inverses'));
      const back = applyOperations(applied.document, applied.inverses);
      expect(back.document).toEqual(document);
    });
  }
});
