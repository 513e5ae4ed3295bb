import { FormatError } from '../faults.ts';
import { canonicalType, type RdbFormat, TypeId, valkeyHashType } from '../servers/value-type-id.ts';
import type { RdbInput } from './input.ts';

/*
 * How many elements a value says that it has, whatever became of them:
 *
 *     count × …                     lists, sets, sorted sets and hashes that are not packed
 *     string: packed                the header of a listpack, ziplist, intset or zipmap
 *     nodes × string: packed        lists of nodes: the sum of their headers
 *     nodes × …   length            streams
 */

/** Reads `from` and gives the number; undefined where the value's type has none, or damage hides it. Moves the input. */
export function declaredElements(input: RdbInput, type: number, from: number, format: RdbFormat): number | undefined {
  input.seek(from);
  return elementsAt(input, canonicalType(type, format));
}

/** The same for a value of a canonical type at which the input stands. */
export function elementsAt(input: RdbInput, canonical: number): number | undefined {
  try {
    return readers[canonical]?.(input);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

type Reader = (input: RdbInput) => number | undefined;

const u16 = (bytes: Buffer, at: number): number | undefined => {
  const count = bytes.readUInt16LE(at);
  return count === 0xffff ? undefined : count;
};

/** A packed value whose header, of so many bytes, ends in the number of entries; `each` of them make an element. */
function packed(input: RdbInput, header: number, each: number): number | undefined {
  if (!input.string() || input.textLength < header) return undefined;
  const count = u16(input.textBytes, input.textStart + header - 2);
  return count === undefined ? undefined : Math.ceil(count / each);
}

const listpackHeader = 6;
const ziplistHeader = 10;

const counted: Reader = (input) => input.length();
const listpack =
  (each: number, before = 0): Reader =>
  (input) => {
    input.pass(before);
    return packed(input, listpackHeader, each);
  };
const ziplist =
  (each: number): Reader =>
  (input) =>
    packed(input, ziplistHeader, each);

function intset(input: RdbInput): number | undefined {
  if (!input.string() || input.textLength < 8) return undefined;
  return input.textBytes.readUInt32LE(input.textStart + 4);
}

function zipmap(input: RdbInput): number | undefined {
  if (!input.string() || input.textLength < 1) return undefined;
  const count = input.textBytes[input.textStart];
  return count < 254 ? count : undefined;
}

function nodes(input: RdbInput, node: Reader): number | undefined {
  let sum = 0;
  for (let left = input.length(); left > 0; left--) {
    const count = node(input);
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum;
}

const plainNode = 1;

function quicklistNode(input: RdbInput): number | undefined {
  if (input.length() !== plainNode) return packed(input, listpackHeader, 1);
  input.skipString();
  return 1;
}

function stream(input: RdbInput): number {
  for (let left = input.length(); left > 0; left--) {
    input.skipString();
    input.skipString();
  }
  return input.length();
}

const readers: Readonly<Record<number, Reader>> = {
  [TypeId.list]: counted,
  [TypeId.set]: counted,
  [TypeId.sortedSetText]: counted,
  [TypeId.hash]: counted,
  [TypeId.sortedSet]: counted,
  [TypeId.hashZipmap]: zipmap,
  [TypeId.listZiplist]: ziplist(1),
  [TypeId.setIntset]: intset,
  [TypeId.sortedSetZiplist]: ziplist(2),
  [TypeId.hashZiplist]: ziplist(2),
  [TypeId.listQuicklist]: (input) => nodes(input, ziplist(1)),
  [TypeId.hashListpack]: listpack(2),
  [TypeId.sortedSetListpack]: listpack(2),
  [TypeId.listQuicklist2]: (input) => nodes(input, quicklistNode),
  [TypeId.setListpack]: listpack(1),
  [TypeId.stream1]: stream,
  [TypeId.stream2]: stream,
  [TypeId.stream3]: stream,
  [TypeId.stream4]: stream,
  [TypeId.stream5]: stream,
  [TypeId.hashListpackExpiry]: listpack(3, 8),
  [TypeId.hashExpiry]: (input) => {
    input.pass(8);
    return input.length();
  },
  [TypeId.hashListpackExpiryPreRelease]: listpack(3),
  [TypeId.hashExpiryPreRelease]: counted,
  [valkeyHashType]: counted,
};
