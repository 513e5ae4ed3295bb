/* What each rule answers: code and position. That a server agrees on the verdict is shown in restore.test.ts. */
import { expect, it } from 'vitest';
import { validateIntset } from '../../src/encodings/intset.ts';
import { validateListpack } from '../../src/encodings/listpack.ts';
import {
  validateHashExpiryListpack,
  validateHashListpack,
  validateSetListpack,
  validateTemplateListpack,
} from '../../src/encodings/listpack-aggregates.ts';
import { encodeListpack } from '../../src/encodings/listpack-writer.ts';
import { findStreamInconsistency } from '../../src/encodings/stream-consistency.ts';
import { validateStreamListpack } from '../../src/encodings/stream-listpack.ts';
import { validateZiplist } from '../../src/encodings/ziplist.ts';
import { validateHashZiplist } from '../../src/encodings/ziplist-aggregates.ts';
import { encodeZiplist } from '../../src/encodings/ziplist-writer.ts';
import { validateZipmap } from '../../src/encodings/zipmap.ts';
import type { FormatFault } from '../../src/faults.ts';

type Validate = (bytes: Uint8Array, from: number, to: number) => FormatFault | undefined;
type Case = [title: string, validate: Validate, blob: Buffer, code: string | undefined, position: number];

/** A listpack of raw entries, its header made to fit. */
function listpack(count: number, ...entries: number[]): Buffer {
  const blob = Buffer.from([0, 0, 0, 0, count, 0, ...entries, 0xff]);
  blob.writeUInt32LE(blob.length, 0);
  return blob;
}

function ziplist(tail: number, count: number, ...entries: number[]): Buffer {
  const blob = Buffer.from([0, 0, 0, 0, tail, 0, 0, 0, count, 0, ...entries, 0xff]);
  blob.writeUInt32LE(blob.length, 0);
  return blob;
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const template: Validate = (bytes, from, to) => validateTemplateListpack(bytes, from, to, 2);

const cases: Case[] = [
  [
    'stream of wrong deletions',
    findStreamInconsistency,
    encodeListpack(['1', '0', '0', '0', '3', '0', '0', '3']),
    'stream.node.deleted',
    6,
  ],
  [
    'stream of deletions',
    findStreamInconsistency,
    encodeListpack(['0', '1', '0', '0', '3', '0', '0', '3']),
    undefined,
    0,
  ],
  ['stream of wrong count', findStreamInconsistency, listpack(5, 0, 1, 0, 1, 0, 1, 0, 1), 'listpack.header.count', 4],
  ['an empty listpack is sound', validateListpack, listpack(0), undefined, 0],
  ['too short', validateListpack, hex('0600 0000 0000'), 'listpack.size', 0],
  ['size in the header', validateListpack, hex('0800 0000 0000 ff'), 'listpack.header.bytes', 0],
  ['no terminator', validateListpack, hex('0700 0000 0000 00'), 'listpack.terminator', 6],
  ['count too high', validateListpack, listpack(2, 5, 1), 'listpack.header.count', 4],
  ['terminator among entries', validateListpack, listpack(1, 5, 1, 0xff), 'listpack.terminator.early', 8],
  ['invalid encoding', validateListpack, listpack(1, 0xf5, 1), 'listpack.entry.encoding', 6],
  ['string beyond the end', validateListpack, listpack(1, 0x85, 97, 6), 'listpack.entry.length', 6],
  ['length beyond the end', validateListpack, listpack(1, 0xf0, 1), 'listpack.entry.length', 6],
  ['32-bit length of 4 GiB', validateListpack, listpack(1, 0xf0, 255, 255, 255, 255, 1), 'listpack.entry.length', 6],
  ['backlen', validateListpack, listpack(2, 5, 1, 0x81, 97, 3), 'listpack.entry.backlen', 10],
  ['backlen that reads on into zeros', validateListpack, listpack(1, 0x82, 97, 0, 0x83), undefined, 0],
  ['backlen that reads on into others', validateListpack, listpack(1, 0x82, 97, 1, 0x83), 'listpack.entry.backlen', 9],
  ['5 and "5" are one member', validateSetListpack, listpack(2, 5, 1, 0x81, 0x35, 2), 'listpack.duplicate', 8],
  ['5 in two widths', validateSetListpack, listpack(2, 5, 1, 0xf1, 5, 0, 3), 'listpack.duplicate', 8],
  ['5 and "05" are two', validateSetListpack, listpack(2, 5, 1, 0x82, 0x30, 0x35, 3), undefined, 0],
  ['fields without a last value', validateHashListpack, listpack(3, 1, 1, 2, 1, 3, 1), 'listpack.tuple', 12],
  ['a field twice', validateHashListpack, encodeListpack(['a', '1', 'a', '2']), 'listpack.duplicate', 11],
  ['values may repeat', validateHashListpack, encodeListpack(['a', 'a', 'b', 'a']), undefined, 0],
  ['expiry as text', validateHashExpiryListpack, listpack(3, 1, 1, 2, 1, 0x81, 97, 2), 'listpack.expiry.integer', 10],
  ['expiry below 0', validateHashExpiryListpack, encodeListpack(['a', 'b', '-1']), 'listpack.expiry.range', 12],
  [
    'expiry above 2^48-1',
    validateHashExpiryListpack,
    encodeListpack(['a', 'b', '281474976710656']),
    'listpack.expiry.range',
    12,
  ],
  ['expiry at 2^48-1', validateHashExpiryListpack, encodeListpack(['a', 'b', '281474976710655']), undefined, 0],
  [
    'expiry descends',
    validateHashExpiryListpack,
    encodeListpack(['a', '1', '9', 'b', '1', '8']),
    'listpack.expiry.order',
    18,
  ],
  [
    'expiry after none',
    validateHashExpiryListpack,
    encodeListpack(['a', '1', '0', 'b', '1', '8']),
    'listpack.expiry.order',
    18,
  ],
  ['template', template, encodeListpack(['7', 'a', 'b']), undefined, 0],
  ['template without id', template, encodeListpack(['x', 'a', 'b']), 'listpack.template.id', 6],
  ['template of too few values', template, encodeListpack(['7', 'a']), 'listpack.template.count', 11],
  ['an empty ziplist is sound', validateZiplist, ziplist(10, 0), undefined, 0],
  ['ziplist too short', validateZiplist, hex('0a000000 0a000000 0000'), 'ziplist.size', 0],
  ['ziplist tail outside', validateZiplist, ziplist(11, 0), 'ziplist.header.tail', 4],
  ['ziplist tail elsewhere', validateZiplist, ziplist(10, 2, 0, 0xf1, 2, 0xf2), 'ziplist.header.tail', 4],
  ['ziplist count', validateZiplist, ziplist(12, 3, 0, 0xf1, 2, 0xf2), 'ziplist.header.count', 8],
  ['ziplist previous length', validateZiplist, ziplist(12, 2, 0, 0xf1, 3, 0xf2), 'ziplist.entry.previous', 12],
  ['previous length in long form', validateZiplist, ziplist(12, 2, 0, 0xf1, 254, 2, 0, 0, 0, 0xf2), undefined, 0],
  ['ziplist encoding', validateZiplist, ziplist(10, 1, 0, 0xc1), 'ziplist.entry.encoding', 11],
  ['ziplist string beyond the end', validateZiplist, ziplist(10, 1, 0, 3, 97), 'ziplist.entry.length', 11],
  ['ziplist terminator among entries', validateZiplist, ziplist(10, 1, 0, 0xf1, 0xff), 'ziplist.terminator.early', 12],
  ['32-bit string with low bits set', validateZiplist, ziplist(10, 1, 0, 0xbf, 0, 0, 0, 1, 97), undefined, 0],
  ['ziplist field twice', validateHashZiplist, encodeZiplist(['a', '1', 'a', '2']), 'ziplist.duplicate', 15],
  ['ziplist of odd count', validateHashZiplist, encodeZiplist(['a', '1', 'b']), 'ziplist.pairs', 18],
  ['intset out of order', validateIntset, hex('02000000 02000000 0500 0400'), 'intset.order', 10],
  ['intset member twice', validateIntset, hex('02000000 02000000 0500 0500'), 'intset.order', 10],
  ['intset of negative and positive', validateIntset, hex('02000000 02000000 ffff 0000'), undefined, 0],
  ['intset of 64 bits', validateIntset, hex('08000000 02000000 ffffffff00000000 0000000001000000'), undefined, 0],
  ['intset width', validateIntset, hex('03000000 01000000 000000'), 'intset.width', 0],
  ['intset count', validateIntset, hex('02000000 02000000 0500'), 'intset.count', 4],
  ['intset count of 4 GiB', validateIntset, hex('02000000 ffffffff 0500'), 'intset.count', 4],
  ['intset without members', validateIntset, hex('02000000 00000000'), 'intset.empty', 4],
  ['zipmap', validateZipmap, hex('01 01 61 01 00 62 ff'), undefined, 0],
  ['zipmap with free bytes', validateZipmap, hex('01 01 61 01 02 62 0000 ff'), undefined, 0],
  ['zipmap with bytes after its end', validateZipmap, hex('01 01 61 01 00 62 ff 07 ff'), undefined, 0],
  ['zipmap without pairs', validateZipmap, hex('00 ff'), 'zipmap.empty', 0],
  ['zipmap count', validateZipmap, hex('02 01 61 01 00 62 ff'), 'zipmap.count', 0],
  ['zipmap count unknown', validateZipmap, hex('fe 01 61 01 00 62 ff'), undefined, 0],
  ['zipmap length in long form', validateZipmap, hex('01 fe01000000 61 01 00 62 ff'), 'zipmap.length', 1],
  ['zipmap value beyond the end', validateZipmap, hex('01 01 61 04 00 62 ff'), 'zipmap.length', 3],
  ['zipmap field twice', validateZipmap, hex('02 01 61 01 00 62 01 61 01 00 63 ff'), 'zipmap.duplicate', 6],
  [
    'stream node',
    validateStreamListpack,
    encodeListpack(['1', '0', '1', 'f', '0', '2', '0', '0', 'v', '4']),
    undefined,
    0,
  ],
  ['stream node without master', validateStreamListpack, listpack(0), 'stream.node.master', 6],
  ['stream node too short', validateStreamListpack, encodeListpack(['1', '0', '0', '0']), 'stream.node.entry', 14],
  ['stream node too long', validateStreamListpack, encodeListpack(['0', '0', '0', '0', '1']), 'stream.node.end', 14],
  [
    'stream element count',
    validateStreamListpack,
    encodeListpack(['1', '0', '0', '0', '2', '0', '0', '4']),
    'stream.node.entry',
    14,
  ],
  [
    'stream with -1 fields',
    validateStreamListpack,
    encodeListpack(['1', '0', '-1', '0', '2', '0', '0', '2']),
    'stream.node.fields',
    10,
  ],
  [
    'stream entry with -2 fields',
    validateStreamListpack,
    encodeListpack(['1', '0', '0', '0', '0', '0', '0', '-2', '0']),
    'stream.entry.fields',
    14,
  ],
  [
    'stream node of unsound entries',
    validateStreamListpack,
    listpack(4, 1, 1, 0, 1, 0, 1, 0, 2),
    'listpack.entry.backlen',
    13,
  ],
];

it.each(cases)('%s', (_title, validate, blob, code, position) => {
  const before = Buffer.from([1, 2, 0xff]);
  const found = validate(Buffer.concat([before, blob, before]), 3, 3 + blob.length);
  expect(found?.code).toBe(code);
  if (code !== undefined) expect(found?.offset).toBe(position);
});
