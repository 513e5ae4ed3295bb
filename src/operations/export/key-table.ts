import { createHash } from 'node:crypto';
import type { TextEncoding } from '../../keys/json-text.ts';
import { readableText } from '../../keys/readable-text.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';

/** Gives the text of a binary string for formats whose texts are Unicode: csv and Parquet. */
export type TableText = (binary: string) => string;

export function tableTextOf(encoding: TextEncoding): TableText {
  if (encoding === 'latin1') return (binary) => binary;
  if (encoding === 'base64') return (binary) => Buffer.from(binary, 'latin1').toString('base64');
  return (binary) => (plain.test(binary) ? binary : readableText(Buffer.from(binary, 'latin1')));
}

/** Characters that stand for themselves in a readable text. */
const plain = /^[ !#-[\]-~]*$/;

/** Replaces the name of a record by the hexadecimal digits of its SHA-256 behind a salt. */
export function hashName(record: KeyRecord, salt: string): void {
  const { key, keyFrom, keyTo } = record;
  record.rename(createHash('sha256').update(salt, 'utf8').update(key.subarray(keyFrom, keyTo)).digest('hex'));
}
