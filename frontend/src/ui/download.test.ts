import { expect, test } from 'vitest';
import { csvText } from './download';

test('cells are quoted, and a text is never a formula', () => {
  expect(csvText([['a,b', 'say "x"', 1.5, null], ['=1+1', '-x', -2, '']])).toBe(
    `"a,b","say ""x""",1.5,\r\n'=1+1,'-x,-2,`,
  );
});
