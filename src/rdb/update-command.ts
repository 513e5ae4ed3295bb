import { bulkLengthMax } from '../limits.ts';
import type { RdbInput } from './input.ts';

/**
 * The command of an UPDATE record (opcode 242 of Valkey 9.2), framed as in an AOF:
 *
 *     '*' count CRLF, count × ( '$' length CRLF bytes CRLF )
 *
 * A server that saves without a fork writes these for changes that come while it sends the dataset (forkless.c), so that they
 * are in the file of a replica that saved what it was sent.
 */
export function readUpdateCommand(input: RdbInput): Buffer[] {
  const at = input.offset;
  const count = readNumber(input, '*', argumentsMax);
  if (count === 0) input.fail('rdb.update', 'a command of at least one argument', 'none', at);
  const args: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const length = readNumber(input, '$', bulkLengthMax);
    input.needBytes(length + 2);
    args.push(Buffer.from(input.bytes.subarray(input.position, input.position + length)));
    input.position += length;
    readLineEnd(input);
  }
  return args;
}

/** Arguments that a server's parser takes. */
const argumentsMax = 1024 * 1024;
const digitsMax = 10;

/** A mark, decimal digits without a leading zero, CRLF. */
function readNumber(input: RdbInput, mark: string, max: number): number {
  const at = input.offset;
  const first = input.byte();
  if (first !== mark.charCodeAt(0)) input.fail('rdb.update', `'${mark}'`, byteText(first), at);
  let text = '';
  for (;;) {
    const byte = input.byte();
    if (byte === 0x0d) break;
    text += String.fromCharCode(byte);
    if (byte < 0x30 || byte > 0x39 || text.length > digitsMax) break;
  }
  if (!/^(0|[1-9][0-9]*)$/.test(text) || Number(text) > max) {
    input.fail('rdb.update', `a number up to ${max}`, JSON.stringify(text), at);
  }
  const end = input.offset;
  const second = input.byte();
  if (second !== 0x0a) input.fail('rdb.update', 'CRLF', byteText(second), end);
  return Number(text);
}

function readLineEnd(input: RdbInput): void {
  const at = input.offset;
  for (const expected of [0x0d, 0x0a]) {
    const byte = input.byte();
    if (byte !== expected) input.fail('rdb.update', 'CRLF', byteText(byte), at);
  }
}

const byteText = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;
