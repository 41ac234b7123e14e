import { setCsrfToken } from '@/api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sortChosen } from './collectFiles';
import { holdsData } from './useImageDrop';
import { uploadFile } from './upload';
import { archiveGroups, crc32, packZip, type PathFile } from './zipWriter';

const text = (path: string, content: string): PathFile => ({
  path,
  file: new File([content], path.split('/').at(-1) ?? path),
});

test('a dataset takes folders, archives, tables and pictures, and leaves networks to the app', () => {
  const named = (name: string, type = '') => [{ name, type }];
  expect(holdsData([], true)).toBe(true);
  for (const files of [named('Digits.ZIP'), named('labels.csv'), named('cat.jpg', 'image/jpeg')]) {
    expect(holdsData(files, false)).toBe(true);
  }
  for (const name of ['net.onnx', 'net.pt', 'net.keras', 'notes.txt']) expect(holdsData(named(name), false)).toBe(false);
});

describe('zip writer', () => {
  test('the checksum is the one of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  test('the archive has local headers, content, a directory and an end record', async () => {
    const blob = await packZip([text('cat/ä.png', 'meow'), text('dog/b.png', 'woof!')]);
    const view = new DataView(await blob.arrayBuffer());
    const end = view.byteLength - 22;
    expect(view.getUint32(end, true)).toBe(0x06054b50);
    expect(view.getUint16(end + 10, true)).toBe(2);
    const directory = view.getUint32(end + 16, true);
    expect(directory + view.getUint32(end + 12, true)).toBe(end);
    expect(view.getUint32(directory, true)).toBe(0x02014b50);
    // The second entry's offset leads to its local header, name and content.
    const firstNameLength = view.getUint16(directory + 28, true);
    const second = view.getUint32(directory + 46 + firstNameLength + 42, true);
    expect(view.getUint32(second, true)).toBe(0x04034b50);
    const bytes = new Uint8Array(view.buffer, second + 30, 'dog/b.pngwoof!'.length);
    expect(new TextDecoder().decode(bytes)).toBe('dog/b.pngwoof!');
  });

  test('more files than an archive holds go into several, in order', () => {
    const files = Array.from({ length: 5 }, (_unused, index) => text(`${String(index)}.png`, 'x'));
    const groups = archiveGroups(files, 2);
    expect(groups.map((group) => group.length)).toEqual([2, 2, 1]);
    expect(groups.flat()).toEqual(files);
  });
});

test('chosen files are sorted into archives, a table and loose images', () => {
  const chosen = sortChosen([text('a.ZIP', '12'), text('labels.csv', '345'), text('cat/1.png', '6')]);
  expect(chosen.archives).toHaveLength(1);
  expect(chosen.csv?.name).toBe('labels.csv');
  expect(chosen.loose.map(({ path }) => path)).toEqual(['cat/1.png']);
  expect(chosen.bytes).toBe(6);
});

describe('upload', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** A server that takes chunks of 4 bytes and loses the answer of the second one. */
  function flakyServer() {
    const received: string[] = [];
    let offset = 0;
    let puts = 0;
    const answer = () => Response.json({ id: 'u1', offset, size_bytes: 10, chunk_bytes: 4 });
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      if (init.method !== 'PUT') return answer();
      puts += 1;
      const chunk = await (init.body as Blob).text();
      if (!url.endsWith(`offset=${String(offset)}`)) {
        return Response.json({ code: 'upload_offset' }, { status: 409 });
      }
      received.push(chunk);
      offset += chunk.length;
      if (puts === 2) throw new TypeError('network');
      return answer();
    });
    return received;
  }

  test('goes on after a lost answer without sending bytes twice', async () => {
    setCsrfToken('t');
    const received = flakyServer();
    const progress: number[] = [];
    const id = await uploadFile({
      projectId: 'p',
      name: 'x.zip',
      content: new Blob(['0123456789']),
      onProgress: (bytes) => progress.push(bytes),
      signal: new AbortController().signal,
      retryDelayMs: 1,
    });
    expect(id).toBe('u1');
    expect(received.join('')).toBe('0123456789');
    expect(progress.at(-1)).toBe(10);
  });

  test('a refusal is not repeated', async () => {
    setCsrfToken('t');
    const fetch = vi.fn((_url: string, init: RequestInit) =>
      Promise.resolve(
        init.method === 'POST'
          ? Response.json({ code: 'quota_exceeded', detail: 'No space is left.' }, { status: 413 })
          : Response.json({}),
      ),
    );
    vi.stubGlobal('fetch', fetch);
    const attempt = uploadFile({
      projectId: 'p',
      name: 'x.zip',
      content: new Blob(['abc']),
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
    await expect(attempt).rejects.toThrow('No space is left.');
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});
