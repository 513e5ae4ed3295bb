/*
 * Strings of many kinds, and what a real server's SAVE makes of each: its LZF payload, or nothing where it stores it as it is.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerName, startServer, temporaryDir } from '../support/server-process.ts';

/** A string to be saved. `name` is its key and says how it was made. */
export interface Sample {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The compressed form that a server wrote for a sample; undefined: it stored the bytes themselves. */
export type Payloads = ReadonlyMap<string, Buffer | undefined>;

type Maker = (length: number, random: () => number) => Buffer;

const words = 'the quick brown fox jumps over a lazy dog while forty two servers append their logs to disk'.split(' ');

const makers: Record<string, Maker> = {
  text: (length, random) => fill(length, () => `${words[Math.floor(random() * words.length)]} `),
  zero: (length) => Buffer.alloc(length),
  period3: (length) => Buffer.alloc(length, 'abc'),
  period300: (length, random) => Buffer.alloc(length, bytesOf(300, random, 256)),
  period9000: (length, random) => Buffer.alloc(length, bytesOf(9000, random, 256)),
  random: (length, random) => bytesOf(length, random, 256),
  letters4: (length, random) => bytesOf(length, random, 4),
  letters16: (length, random) => bytesOf(length, random, 16),
  runs: (length, random) => fill(length, () => String.fromCharCode(33 + random() * 90).repeat(1 + random() * 40)),
  records: (length, random) =>
    fill(length, () => `{"id":${Math.floor(random() * 1e6)},"ok":${random() < 0.5},"tag":"t"}`),
  mixed: (length, random) =>
    fill(length, () => (random() < 0.5 ? bytesOf(1 + random() * 60, random, 256).latin1Slice() : 'padding padding ')),
};

/** The lengths at which something changes (around 21, literal runs of 32, matches of 264, 8192 back), then some at random. */
const lengths = [
  21, 22, 23, 24, 25, 26, 27, 28, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 50, 63, 64, 65, 66, 100, 200, 263,
  264, 265, 266, 267, 268, 280, 300, 528, 600, 1000, 4096, 8191, 8192, 8193, 8200, 9500, 20000, 100_000,
];

/** About a thousand samples; the same for the same seed, whatever the machine. */
export function lzfSamples(seed = 1): Sample[] {
  const random = generator(seed);
  const samples: Sample[] = [];
  for (const [kind, make] of Object.entries(makers)) {
    for (const length of lengths) samples.push({ name: `${kind}-${length}`, bytes: make(length, random) });
    for (let count = 0; count < 50; count++) {
      const length = 21 + Math.floor(random() ** 3 * 3000);
      samples.push({ name: `${kind}-${length}-${count}`, bytes: make(length, random) });
    }
  }
  return samples;
}

/** Has a server save the samples, and takes their payloads from its RDB. */
export async function serverPayloads(name: ServerName, samples: readonly Sample[]): Promise<Payloads> {
  const dir = temporaryDir();
  const server = await startServer(name, { dir, config: { save: '""' } });
  try {
    await server.pipeline(samples.map((sample) => ['SET', sample.name, sample.bytes]));
    await server.command('SAVE');
    return stringPayloads(readFileSync(join(dir, 'dump.rdb')));
  } finally {
    await server.stop();
  }
}

/** The plain strings of an RDB that holds nothing else, by key. Enough of a reader for what `serverPayloads` made. */
function stringPayloads(rdb: Buffer): Payloads {
  const payloads = new Map<string, Buffer | undefined>();
  let position = 9;
  const length = (): number => {
    const first = rdb[position++];
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | rdb[position++];
    if (first === 0x80) return rdb.readUInt32BE((position += 4) - 4);
    return -(first & 0x3f) - 1;
  };
  const take = (count: number) => rdb.subarray(position, (position += count));
  const string = (): { raw?: Buffer; lzf?: Buffer } => {
    const count = length();
    if (count >= 0) return { raw: take(count) };
    if (count > -4) return { raw: take(2 ** (-count - 1)) };
    const compressed = length();
    length();
    return { lzf: take(compressed) };
  };
  for (;;) {
    const opcode = rdb[position++];
    if (opcode === 255) return payloads;
    if (opcode === 250) [string(), string()];
    else if (opcode === 254) length();
    else if (opcode === 251) [length(), length()];
    else if (opcode === 0) {
      const key = string().raw!.latin1Slice();
      payloads.set(key, string().lzf);
    } else throw new Error(`opcode ${opcode} at ${position - 1}`);
  }
}

/** Twelve hex digits that stand for a payload in server-payloads.json. */
export function payloadDigest(payload: Uint8Array): string {
  return createHash('sha1').update(payload).digest('hex').slice(0, 12);
}

/** mulberry32: numbers in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function bytesOf(length: number, random: () => number, kinds: number): Buffer {
  const bytes = Buffer.alloc(Math.floor(length));
  for (let at = 0; at < bytes.length; at++) bytes[at] = random() * kinds;
  return bytes;
}

function fill(length: number, next: () => string): Buffer {
  let text = '';
  while (text.length < length) text += next();
  return Buffer.from(text.slice(0, length), 'latin1');
}
