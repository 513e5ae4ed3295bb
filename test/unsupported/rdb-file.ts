import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Bytes, join, string } from '../../fixtures/generate/rdb-bytes.ts';
import { crc64 } from '../../src/checksum/crc64.ts';
import { temporaryDir } from '../support/servers.ts';

/** How an RDB ends: with the checksum of its bytes, with one that says that there is none, or with a wrong one. */
export type Ending = 'right' | 'zero' | 'wrong';

/** An RDB of these items behind a magic and its version. */
export function rdbOf(magic: string, items: readonly Bytes[], ending: Ending = 'right'): Buffer {
  const body = join(magic, ...items, 0xff);
  const sum = Buffer.alloc(8);
  if (ending !== 'zero') sum.writeBigUInt64LE(crc64(body) ^ (ending === 'wrong' ? 1n : 0n));
  return Buffer.concat([body, sum]);
}

export const aux = (name: string, value: string): Buffer => join(0xfa, string(name), string(value));
export const key = (name: string, value = 'v'): Buffer => join(0, string(name), string(value));

/** A file of these bytes in a folder of its own. */
export function fileOf(name: string, bytes: Uint8Array | string): string {
  const file = path.join(temporaryDir(), name);
  writeFileSync(file, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  return file;
}
