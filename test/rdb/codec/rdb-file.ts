/* An RDB file taken apart into keys with their serialized values. */
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../../src/io/source.ts';
import { Item, RdbReader } from '../../../src/rdb/reader.ts';
import { ValueCheck } from '../../../src/rdb/value-check.ts';
import { checkValue } from '../../../src/rdb/value-types.ts';
import { canonicalType, type Fork } from '../../../src/servers/value-type-id.ts';

export interface RawKey {
  readonly db: number;
  readonly key: Buffer;
  readonly expire: number;
  /** Canonical. */
  readonly type: number;
  readonly value: Buffer;
  readonly idle: number;
  readonly freq: number;
  readonly metadata: Buffer;
}

export interface RdbFile {
  readonly fork: Fork;
  readonly version: number;
  readonly bytes: Buffer;
  readonly keys: readonly RawKey[];
  readonly aux: ReadonlyMap<string, string>;
  readonly libraries: readonly string[];
  readonly templates: ReadonlyMap<bigint, readonly string[]>;
}

export function readRdb(path: string): RdbFile {
  return parseRdb(readFileSync(path));
}

export function parseRdb(bytes: Buffer): RdbFile {
  const reader = RdbReader.open(new MemorySource(bytes));
  reader.readHeader();
  const check = new ValueCheck(false, reader.templates, 0);
  check.ofFormat(reader);
  const keys: RawKey[] = [];
  const aux = new Map<string, string>();
  const libraries: string[] = [];
  for (let item = reader.next(); item !== Item.end; item = reader.next()) {
    if (item === Item.aux) aux.set(reader.auxName, reader.auxValue);
    if (item === Item.function) libraries.push(reader.functionCode);
    if (item !== Item.key) continue;
    const key = Buffer.from(reader.key.subarray(0, reader.keyLength));
    const from = reader.input.offset;
    const { db, expire, idle, freq, metaOffset, metaLength } = reader;
    const metadata = bytes.subarray(metaOffset, metaOffset + metaLength);
    const type = canonicalType(reader.type, reader);
    checkValue(reader.input, reader.type, check);
    keys.push({ db, key, expire, type, value: bytes.subarray(from, reader.input.offset), idle, freq, metadata });
  }
  const { fork, version, templates } = reader;
  return { fork, version, bytes, keys, aux, libraries, templates };
}
