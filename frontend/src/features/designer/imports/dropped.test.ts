import { describe, expect, it } from 'vitest';
import { whyNoNetwork } from './dropped';

const file = (type = '') => ({ type });

describe('what is dropped on the app', () => {
  it('may be a network where the browser knows no kind for it', () => {
    expect(whyNoNetwork([file(), file('application/zip')], false)).toBeNull();
  });

  it('is told to be data, a folder or too much, rather than passed over', () => {
    expect(whyNoNetwork([file(), file('image/png')], false)).toContain('page of a dataset');
    expect(whyNoNetwork([file('video/mp4')], false)).toContain('frames as images');
    expect(whyNoNetwork([file()], true)).toContain('zip of its folder');
    expect(whyNoNetwork(Array.from({ length: 33 }, () => file()), false)).toContain('33');
  });
});
