/**
 * Packs chosen files into zip archives in the browser, stored and not compressed (images are
 * compressed already), so that a folder of ten thousand images is one upload and not ten thousand
 * requests. The archive refers to the files; nothing is copied into memory at once.
 */

export interface PathFile {
  /** Path inside the chosen folder, with `/` between its parts. */
  path: string;
  file: File;
}

/** Limits of the plain zip format; what does not fit goes into another archive. */
export const MAX_ENTRIES = 60_000;
export const MAX_BYTES = 3_900_000_000;

const CRC_TABLE = new Uint32Array(256).map((_unused, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Shares the files among as few archives as the limits allow, in their order. */
export function archiveGroups(
  files: readonly PathFile[],
  maxEntries = MAX_ENTRIES,
  maxBytes = MAX_BYTES,
): PathFile[][] {
  const groups: PathFile[][] = [];
  let group: PathFile[] = [];
  let bytes = 0;
  for (const entry of files) {
    const size = entry.file.size + 2 * entry.path.length + 200;
    if (group.length > 0 && (group.length >= maxEntries || bytes + size > maxBytes)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

interface Entry {
  name: Uint8Array<ArrayBuffer>;
  crc: number;
  size: number;
  offset: number;
}

const UTF8_FLAG = 0x0800;
const DOS_DATE = (2020 - 1980) * 512 + 1 * 32 + 1;

function header(entry: Entry, isCentral: boolean): Uint8Array<ArrayBuffer> {
  const length = isCentral ? 46 : 30;
  const bytes = new Uint8Array(length + entry.name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, isCentral ? 0x02014b50 : 0x04034b50, true);
  let at = 4;
  if (isCentral) {
    view.setUint16(at, 20, true);
    at += 2;
  }
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, UTF8_FLAG, true);
  view.setUint16(at + 8, DOS_DATE, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, entry.size, true);
  view.setUint32(at + 18, entry.size, true);
  view.setUint16(at + 22, entry.name.length, true);
  if (isCentral) view.setUint32(42, entry.offset, true);
  bytes.set(entry.name, length);
  return bytes;
}

function endRecord(entries: readonly Entry[], start: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(22);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, entries.length, true);
  view.setUint16(10, entries.length, true);
  view.setUint32(12, size, true);
  view.setUint32(16, start, true);
  return bytes;
}

/** Makes one archive; `onProgress` counts files. Throws an AbortError when `signal` fires. */
export async function packZip(
  files: readonly PathFile[],
  onProgress: (done: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Blob> {
  const encoder = new TextEncoder();
  const parts: BlobPart[] = [];
  const entries: Entry[] = [];
  let offset = 0;
  for (const [index, { path, file }] of files.entries()) {
    signal?.throwIfAborted();
    const crc = crc32(new Uint8Array(await file.arrayBuffer()));
    const entry = { name: encoder.encode(path), crc, size: file.size, offset };
    const local = header(entry, false);
    parts.push(local, file);
    entries.push(entry);
    offset += local.length + file.size;
    onProgress(index + 1);
  }
  const start = offset;
  for (const entry of entries) {
    const central = header(entry, true);
    parts.push(central);
    offset += central.length;
  }
  parts.push(endRecord(entries, start, offset - start));
  return new Blob(parts, { type: 'application/zip' });
}
