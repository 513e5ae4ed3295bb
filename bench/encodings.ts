/* Validators' speed on 8 KB quicklist nodes, in MB/s. Run: npx tsx bench/encodings.ts */

import { encodeIntset, validateIntset } from '../src/encodings/intset.ts';
import { decodeListpack, ListpackCursor, validateListpack } from '../src/encodings/listpack.ts';
import { validateHashListpack, validateSetListpack } from '../src/encodings/listpack-aggregates.ts';
import { encodeListpack } from '../src/encodings/listpack-writer.ts';
import { encodeStreamListpack, validateStreamListpack } from '../src/encodings/stream-listpack.ts';
import { validateZiplist } from '../src/encodings/ziplist.ts';
import { validateHashZiplist } from '../src/encodings/ziplist-aggregates.ts';
import { encodeZiplist } from '../src/encodings/ziplist-writer.ts';
import type { FormatFault } from '../src/faults.ts';

const nodeBytes = 8192;
const windowBytes = 4 * 1024 * 1024;

type Visit = (bytes: Buffer, from: number, to: number) => FormatFault | undefined | unknown;

const words = (length: number) => (i: number) => `member:${i}:`.padEnd(length, 'abcdefgh');
const mixed = (i: number) => (i % 3 === 0 ? String(i * 37) : words(8 + (i % 40))(i));

/** Enough of `element(i)` for one node. */
function elements(element: (i: number) => string, bytes: number): string[] {
  const list: string[] = [];
  for (let size = 0; size < bytes; size += list[list.length - 1].length + 3) list.push(element(list.length));
  if (list.length % 2) list.pop();
  return list;
}

/** Visits copies of a blob that lie one behind the other in a window, for a second or so; the best of some rounds. */
function measure(title: string, blob: Buffer, visit: Visit): void {
  const copies = Math.floor(windowBytes / blob.length);
  const window = Buffer.concat(Array.from({ length: copies }, () => blob));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 40; round++) {
    const started = performance.now();
    for (let at = 0; at < window.length; at += blob.length) visit(window, at, at + blob.length);
    best = Math.min(best, performance.now() - started);
  }
  console.log(`${title.padEnd(52)} ${(window.length / 1000 / best).toFixed(0).padStart(6)} MB/s`);
}

for (const [title, element] of [
  ['integers', (i: number) => String(i * 7)],
  ['strings of 16 bytes', words(16)],
  ['strings of 30 bytes', words(30)],
  ['integers and strings of 8 to 47 bytes', mixed],
  ['strings of 100 bytes', words(100)],
  ['strings of 1000 bytes', words(1000)],
] as const) {
  const listpack = encodeListpack(elements(element, nodeBytes));
  measure(`validateListpack, ${title}`, listpack, validateListpack);
  measure(`validateZiplist, ${title}`, encodeZiplist(elements(element, nodeBytes)), validateZiplist);
}

const list = elements(mixed, nodeBytes);
const listpack = encodeListpack(list);
measure('validateSetListpack, mixed', listpack, validateSetListpack);
measure('validateHashListpack, mixed', listpack, validateHashListpack);
measure('validateHashListpack, 5 fields', encodeListpack(list.slice(0, 10)), validateHashListpack);
measure('validateHashZiplist, mixed', encodeZiplist(list), validateHashZiplist);
measure('decodeListpack, mixed', listpack, decodeListpack);
measure('ListpackCursor without texts, mixed', listpack, (bytes, from, to) => {
  for (const cursor = new ListpackCursor(bytes, from, to); cursor.next(); );
});
measure(
  'validateIntset, 512 of 32 bits',
  encodeIntset(Array.from({ length: 512 }, (_, i) => String(i * 100000))),
  validateIntset,
);
const entries = Array.from({ length: 100 }, (_, i) => ({
  flags: 2,
  msDelta: BigInt(i * 13),
  seqDelta: 0n,
  items: ['sensor', String(i), 'value', words(12)(i)],
}));
const node = encodeStreamListpack({ count: 100, deleted: 0, fields: ['sensor', 'value'], entries });
measure('validateStreamListpack, 100 entries', node, validateStreamListpack);
