import { MemorySource } from '../io/source.ts';
import { isVectorSet, type ModuleValue } from '../rdb/codec/module-value.ts';
import { elementsAt } from '../rdb/declared-elements.ts';
import { RdbInput } from '../rdb/input.ts';
import type { KeyRecord } from '../rdb/key-record.ts';
import { bitmapType, pathHashType, TypeId, valkeyHashType } from '../servers/value-type-id.ts';
import type { ObjectValue } from '../values/value.ts';

/** The longest string of the encoding `embstr` (OBJ_ENCODING_EMBSTR_SIZE_LIMIT in the servers' object.c). */
const embeddedStringMax = 44;

/** The encodings of the value types, by the names of OBJECT ENCODING where a server has one. */
const names: Readonly<Record<number, string>> = {
  [TypeId.list]: 'linkedlist',
  [TypeId.set]: 'hashtable',
  [TypeId.sortedSetText]: 'skiplist',
  [TypeId.hash]: 'hashtable',
  [TypeId.sortedSet]: 'skiplist',
  [TypeId.module]: 'module',
  [TypeId.hashZipmap]: 'zipmap',
  [TypeId.listZiplist]: 'ziplist',
  [TypeId.setIntset]: 'intset',
  [TypeId.sortedSetZiplist]: 'ziplist',
  [TypeId.hashZiplist]: 'ziplist',
  [TypeId.listQuicklist]: 'quicklist',
  [TypeId.hashListpack]: 'listpack',
  [TypeId.sortedSetListpack]: 'listpack',
  [TypeId.listQuicklist2]: 'quicklist',
  [TypeId.setListpack]: 'listpack',
  [TypeId.hashExpiryPreRelease]: 'hashtable',
  [TypeId.hashListpackExpiryPreRelease]: 'listpackex',
  [TypeId.hashExpiry]: 'hashtable',
  [TypeId.hashListpackExpiry]: 'listpackex',
  [TypeId.array]: 'array',
  [TypeId.templateListpack]: 'listpack',
  [TypeId.templateListpackReference]: 'listpack',
  [TypeId.templateArray]: 'template',
  [TypeId.templateArrayReference]: 'template',
  [TypeId.gcra]: 'gcra',
  [TypeId.setListpackExpiry]: 'listpackex',
  [TypeId.setExpiry]: 'hashtable',
  [TypeId.cron]: 'cron',
  [valkeyHashType]: 'hashtable',
  [pathHashType]: 'pathhash',
  [bitmapType]: 'roaring',
};

/** Tells of serialized values how they are encoded in the file and how many elements they have, without decoding them where that can be. */
export class EncodingReader {
  private readonly input = new RdbInput(new MemorySource(new Uint8Array(0)), 64);

  /** The encoding of a serialized value. */
  encoding(record: KeyRecord): string {
    const { type } = record;
    if (type !== TypeId.string) return names[type] ?? 'stream';
    const first = record.raw[record.rawFrom];
    if (first >= 0xc0 && first < 0xc3) return 'int';
    return stringLength(record.raw, record.rawFrom) <= embeddedStringMax ? 'embstr' : 'raw';
  }

  /**
   * The number of elements of a serialized value: bytes of a string, fields, members, entries. Throws FormatError where it must be decoded
   * and is damaged.
   */
  elements(record: KeyRecord): number {
    if (record.type === TypeId.string) return stringLength(record.raw, record.rawFrom);
    if (record.type === TypeId.module && isVectorSet(record.raw, record.rawFrom, record.rawTo))
      return (record.decoded() as ModuleValue).vectorSet().count;
    const { input } = this;
    input.bytes = record.raw;
    input.position = record.rawFrom;
    input.limit = record.rawTo;
    return elementsAt(input, record.type) ?? (record.decoded() as ObjectValue).count;
  }
}

/** Bytes of the string whose serialized form begins at `position`. */
function stringLength(bytes: Buffer, position: number): number {
  const first = bytes[position];
  if (first < 0xc0) return lengthAt(bytes, position);
  if (first === 0xc3) return lengthAt(bytes, position + 1 + lengthBytes(bytes[position + 1]));
  const size = first === 0xc0 ? 1 : first === 0xc1 ? 2 : 4;
  return String(bytes.readIntLE(position + 1, size)).length;
}

function lengthAt(bytes: Buffer, position: number): number {
  const first = bytes[position];
  if (first < 0x40) return first;
  if (first < 0x80) return ((first & 0x3f) << 8) | bytes[position + 1];
  return first === 0x80 ? bytes.readUInt32BE(position + 1) : Number(bytes.readBigUInt64BE(position + 1));
}

const lengthBytes = (first: number): number => (first < 0x40 ? 1 : first < 0x80 ? 2 : first === 0x80 ? 5 : 9);
