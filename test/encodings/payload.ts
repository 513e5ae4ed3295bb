/*
 * What DUMP gives and RESTORE takes: type, value, u16 RDB version, u64 CRC-64 of all that. Enough of it for encodings' tests.
 */
import type { Argument } from '../support/reply.ts';
import { ReplyError } from '../support/reply.ts';
import type { Server } from '../support/server-process.ts';

const crcTable = Array.from({ length: 256 }, (_, index) => {
  let crc = BigInt(index);
  for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  return crc;
});

/** CRC-64 "Jones", reflected, from 0. */
function crc64(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) crc = crcTable[Number((crc ^ BigInt(byte)) & 0xffn)] ^ (crc >> 8n);
  return crc;
}

/** A payload that RESTORE takes for whole. `version` 10 is known to every server from 7.0 on. */
export function payload(type: number, value: Uint8Array, version = 10): Buffer {
  const body = Buffer.concat([Buffer.from([type]), value, Buffer.from([version, 0])]);
  const check = Buffer.alloc(8);
  check.writeBigUInt64LE(crc64(body));
  return Buffer.concat([body, check]);
}

/** A blob as an RDB string, its length in the 32-bit form. */
export function rdbString(blob: Uint8Array): Buffer {
  const head = Buffer.from([0x80, 0, 0, 0, 0]);
  head.writeUInt32BE(blob.length, 1);
  return Buffer.concat([head, blob]);
}

/** Reads lengths and (uncompressed, not integer) strings of a payload. */
export class PayloadReader {
  readonly type: number;
  private readonly bytes: Buffer;
  private position = 1;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.type = bytes[0];
  }

  length(): number {
    const first = this.bytes[this.position++];
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | this.bytes[this.position++];
    if (first !== 0x80) throw new Error(`length form ${first.toString(16)} at ${this.position - 1}`);
    this.position += 4;
    return this.bytes.readUInt32BE(this.position - 4);
  }

  string(): Buffer {
    const length = this.length();
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  skip(length: number): void {
    this.position += length;
  }
}

export async function dump(server: Server, key: string): Promise<PayloadReader> {
  return new PayloadReader((await server.command('DUMP', key)) as Buffer);
}

/** A server's array of bulk strings as binary strings. */
export async function texts(server: Server, ...command: Argument[]): Promise<string[]> {
  const reply = (await server.command(...command)) as Buffer[];
  return reply.map((item) => item.toString('latin1'));
}

/** Whether the server takes each payload. */
export async function restoreAll(server: Server, payloads: readonly Buffer[]): Promise<boolean[]> {
  const commands = payloads.map((bytes): Argument[] => ['RESTORE', 'k', '0', bytes, 'REPLACE']);
  const replies = await server.pipeline(commands);
  for (const reply of replies) {
    if (reply !== 'OK' && !(reply instanceof ReplyError && reply.message.includes('Bad data format'))) {
      throw new Error(`RESTORE: ${reply}`);
    }
  }
  return replies.map((reply) => reply === 'OK');
}

export function binary(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Deterministic numbers in 0..1: the same tests at each run. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Texts at and around each edge of the encodings. */
export function boundaryTexts(): string[] {
  const edges = [0n, 12n, 13n, 63n, 64n, 127n, 128n, 4095n, 4096n];
  for (const bits of [7n, 8n, 12n, 13n, 15n, 16n, 23n, 24n, 31n, 32n, 52n, 53n, 62n, 63n]) edges.push(2n ** bits);
  const integers = edges.flatMap((edge) => [edge - 1n, edge, edge + 1n, -edge - 1n, -edge, -edge + 1n]).map(String);
  const odd = ['', '-', '-0', '+1', '01', '-01', '00', ' 1', '1 ', '1.0', '1e3', '0x10', '99999999999999999999'];
  const limits = ['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809'];
  const longer = ['999999999999999', '9999999999999999', '-999999999999999', '100000000000000000000', '1'.repeat(40)];
  const lengths = [1, 61, 62, 63, 64, 65, 125, 126, 127, 128, 247, 248, 249, 250, 251, 252, 253, 254, 255, 256, 4092];
  const strings = [...lengths, 4093, 4094, 4095, 4096, 4097].map((length) =>
    `${'\xff\0ab'.repeat(length)}`.slice(0, length),
  );
  return [...new Set([...integers, ...odd, ...limits, ...longer, ...strings])];
}
