import { expect, test } from 'vitest';
import { isOnlyHere } from './reach';

test('loopback addresses are known, in every spelling', () => {
  for (const url of ['http://127.0.0.1:8780/x', 'http://localhost:8780', 'http://[::1]:8780', 'http://127.1.2.3/']) {
    expect(isOnlyHere(url)).toBe(true);
  }
  for (const url of ['https://studio.example.org', 'http://192.168.1.4:8780', 'http://127.example.org', 'nonsense']) {
    expect(isOnlyHere(url)).toBe(false);
  }
});
