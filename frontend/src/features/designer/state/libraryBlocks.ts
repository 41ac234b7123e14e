/** The library of blocks as the server answers it. */

import { readBlock, readPosition } from '../document/parse';
import { listOf, need, readFields, readString, recordOf, type Reader } from '../document/reader';
import type { LibraryBlock } from './contract';

export const readLibraryBlock: Reader<LibraryBlock> = (value, path) => {
  const fields = readFields(value, path);
  return {
    id: need(fields, path, 'id', readString),
    title: need(fields, path, 'title', readString),
    summary: need(fields, path, 'summary', readString),
    aliases: need(fields, path, 'aliases', listOf(readString)),
    icon: need(fields, path, 'icon', readString),
    follows: need(fields, path, 'follows', listOf(readString)),
    blockId: need(fields, path, 'block_id', readString),
    blocks: need(fields, path, 'blocks', recordOf(readBlock)),
    positions: need(fields, path, 'positions', recordOf(readPosition)),
  };
};
