/*
 * RDBs of the fuzz: values of every type and encoding, sound ones and ones with a flaw, several in one file, among all that may stand
 * between keys. Pure: the same random numbers give the same bytes.
 */
import fs from 'node:fs';
import path from 'node:path';
import { envelope, lz4Frame, storedZstdFrame } from '../../fixtures/generate/envelope.ts';
import { flawedLibraries } from '../../fixtures/generate/flaws/libraries.ts';
import { Random } from '../../fixtures/generate/flaws/random.ts';
import { compressed, type FlawedValue, flawedValues, literals } from '../../fixtures/generate/flaws/values.ts';
import { filesUnder, goldenDir, goldenNames } from '../../fixtures/generate/golden.ts';
import { probes } from '../../fixtures/generate/newest.ts';
import { type Bytes, int64, join, length, moduleId, rdbFile, string } from '../../fixtures/generate/rdb-bytes.ts';

/** Numbers of inputs that share the flawed values of one round. */
const roundLength = 500;
let current: { readonly seed: number; readonly values: readonly FlawedValue[]; readonly libraries: readonly Bytes[] };

/** The flawed values of a round, and function libraries as they stand in an RDB. */
export function roundOf(seed: number, number: number) {
  const roundSeed = seed + Math.floor(number / roundLength);
  if (current?.seed !== roundSeed) {
    const random = new Random(roundSeed);
    const values = [...flawedValues(random)];
    const libraries = [...flawedLibraries(random)]
      .filter(({ opcode }) => opcode === 0xf5)
      .map(({ code }) => join(0xf5, string(code)));
    current = { seed: roundSeed, values, libraries };
  }
  return current;
}
export type Round = ReturnType<typeof roundOf>;

const goldenBytesMax = 32 * 1024;
let goldens: readonly { readonly name: string; readonly bytes: Buffer }[] | undefined;

/** What servers wrote, as far as it is small: files of every layout, and the probes of the newest formats. */
export function goldenFiles() {
  goldens ??= [
    ...goldenNames().flatMap((name) =>
      filesUnder(goldenDir(name))
        .filter((file) => file !== 'provenance.json')
        .map((file) => ({ name: `${name}/${file}`, bytes: fs.readFileSync(path.join(goldenDir(name), file)) })),
    ),
    ...probes.map(({ name, bytes }) => ({ name: `probe/${name}`, bytes })),
  ].filter(({ bytes }) => bytes.length <= goldenBytesMax);
  return goldens;
}

const names = ['k', 'list', 'hash', 'a\r\nb', '\0', '', 'constructor', '__proto__', '{tag}x', 'x'.repeat(70)];

/** A key's name: as text, as an integer, compressed, or what is no string. */
function keyName(random: Random, index: number): Bytes {
  if (random.once(30)) return [0xc0, random.below(256)];
  if (random.once(40)) return compressed(30 + random.below(60));
  if (random.once(80)) return [0xc3, 5, 40, 3, 'abcd'];
  if (random.once(8)) return string(random.pick(names));
  return string(`${random.word()}:${index}`);
}

/** What may come before a key's type. */
function attributes(random: Random): Bytes {
  const moment = random.pick([0, 1, 1700000000000, 4102444800000, 2 ** 48, -1]);
  switch (random.below(9)) {
    case 0:
      return [0xfc, int64(moment)];
    case 1:
      return [0xfd, int64(Math.floor(moment / 1000)).subarray(0, 4)];
    case 2:
      return [0xf8, length(random.below(100000))];
    case 3:
      return [0xf9, random.below(256)];
    case 4:
      return random.once(10) ? [0xfc, int64(moment), 0xf8, length(3), 0xf9, 2] : [];
    default:
      return [];
  }
}

/** What may stand between keys. */
function betweenKeys(random: Random, { libraries }: Round): Bytes {
  const aux = (name: string, value: string) => [0xfa, string(name), string(value)];
  return random.pick<() => Bytes>([
    () => [0xfe, length(random.pick([0, 1, 3, 15, 16, 100_000]))],
    () => [0xfb, length(random.below(9)), length(random.below(4))],
    () => aux('redis-ver', random.pick(['6.0.16', '7.2.4', '8.6.0', '255.255.255', 'x', ''])),
    () => aux('redis-ver', '7.0.0'),
    () => aux(random.pick(['ctime', 'used-mem', 'repl-id', 'aof-base', 'lua', '__proto__']), random.word()),
    () => random.pick(libraries),
    () => [0xf7, length(moduleId('sometype1', 1)), 2, length(0), 5, string(random.word()), 0],
    () => [0xf4, length(random.below(16384)), length(1), length(0)],
    () => [0xf3, random.below(256)],
    () => random.pick([0xf0, 0xf1, 0xf2, 0xf6, 40, 99, 200]),
    () => Buffer.alloc(random.below(20)),
    () => 0xff,
  ])();
}

/** Blobs and strings often come compressed: the value inside a literal LZF string is the same. */
function valueBytes(random: Random, { value, type }: FlawedValue): Buffer {
  return type === 0 && random.once(10) ? literals(Buffer.from(random.word().repeat(40))) : value;
}

function magicFor(values: readonly FlawedValue[], random: Random): string {
  if (random.once(25))
    return random.pick(['REDIS0001', 'REDIS0004', 'REDIS0099', 'VALKEY081', 'VALKEY099', 'REDIS00x1']);
  return values.map(({ magic }) => magic).sort()[values.length - 1] ?? 'REDIS0011';
}

/** A file of some flawed and sound values, with what may stand around keys. */
export function mixedRdb(random: Random, round: Round): { readonly name: string; readonly bytes: Buffer } {
  const first = random.pick(round.values);
  const fork = first.magic.slice(0, 5);
  const values = [first];
  for (let more = random.below(random.once(10) ? 40 : 5); more > 0; more--) {
    const value = random.pick(round.values);
    // Half of them are sound, so that what lies behind a flaw counts.
    if (value.magic.startsWith(fork) && (value.name.endsWith('/') || random.once(2))) values.push(value);
  }
  const items: Bytes[] = [];
  if (!random.once(20)) items.push([0xfe, 0]);
  for (const [index, value] of values.entries()) {
    if (random.once(4)) items.push(betweenKeys(random, round));
    items.push([attributes(random), value.type, keyName(random, index), valueBytes(random, value)]);
  }
  const bytes = rdbFile(magicFor(values, random).padEnd(9), items);
  if (random.once(4)) bytes.fill(0, Math.max(bytes.length - 8, 0));
  return { name: `rdb/${first.name}+${values.length - 1}`, bytes };
}

/** In Valkey's envelope. */
export function enveloped(random: Random, bytes: Buffer): Buffer {
  const [codec, frame] = random.once(2)
    ? [
        1,
        lz4Frame(bytes, { independent: random.once(2), contentChecksum: random.once(2), contentSize: random.once(2) }),
      ]
    : [2, storedZstdFrame(bytes)];
  return envelope(random.once(30) ? random.below(5) : codec, frame, random.once(30) ? 2 : 1);
}
