import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type * as Api from '../../src/index.ts';

/*
 * What the ten commands do, through the library: each gives an answer that can be compared, or ends with an error that the command line
 * tells in a sentence. Everything else that is thrown is a bug: the command line ends with exit code 70.
 */

const expected = new Set([
  'UnreadableError',
  'UnwritableError',
  'UsageError',
  'LimitError',
  'FormatError',
  'EncodingError',
]);
const at = Date.UTC(2026, 0, 1);
const seed = 1;

export interface Answer {
  readonly command: string;
  /** The result, and the hash of all that was written. */
  readonly answer: string;
  /** Of an error that is none of the expected ones. */
  readonly bug?: string;
  /** User time, seconds. */
  readonly seconds: number;
}

/** What an operation gets; `options` is a number that chooses among its options. */
interface Run {
  readonly api: typeof Api;
  readonly input: string;
  readonly output: string;
  readonly options: number;
}

const formats = ['aof', 'hybrid', 'rdb', 'multipart'] as const;
const servers = ['redis-6.0', 'redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'];
const pick = <T>(list: readonly T[], number: number): T => list[number % list.length];

/** Lines of a log as one text. */
async function lines({ api, input, options }: Run): Promise<unknown> {
  const pieces: Buffer[] = [];
  const onOutput = (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes));
  const format = options % 3 === 0 ? 'json' : 'text';
  const result = await api.log(input, { onOutput, format, full: options % 2 === 0, reverse: options % 5 === 0 });
  return [result, sha1(Buffer.concat(pieces), path.dirname(input))];
}

async function start({ api, input, options }: Run): Promise<unknown> {
  const isFolder = fs.statSync(input).isDirectory();
  const configuration = path.join(input, 'redis.conf');
  const name = path.basename(input);
  return api.boot(isFolder ? input : path.dirname(input), {
    server: pick(servers, options),
    configuration: isFolder && fs.existsSync(configuration) ? configuration : undefined,
    settings: isFolder
      ? []
      : [`appendonly ${options % 4 > 0 ? 'yes' : 'no'}`, `appendfilename ${name}`, `dbfilename ${name}`],
    at,
    seed,
  });
}

const operations: Readonly<Record<string, (run: Run) => Promise<unknown>>> = {
  check: ({ api, input, options }) =>
    api.check(input, { seed, at, limit: options % 2 ? 5 : undefined, recursive: true }),
  verify: ({ api, input, options }) => api.verify(input, { quick: options % 8 === 0 }),
  digest: ({ api, input, options }) =>
    api.digest(input, { at, dropExpired: options % 4 === 0, opaque: options % 2 ? 'drop' : 'fail' }),
  log: lines,
  memory: ({ api, input, options }) =>
    api.memoryReport(input, {
      at,
      opaque: options % 2 ? 'drop' : 'fail',
      slots: options % 3 === 0,
      server: options % 4 === 0 ? pick(api.memoryServers, options >> 3) : undefined,
    }),
  statistics: ({ api, input }) => api.logStatistics(input, {}),
  repair: ({ api, input, output, options }) =>
    api.repair(input, {
      output,
      seed,
      strategy: pick([undefined, undefined, 'salvage', 'truncate'] as const, options),
      duplicates: options % 5 === 0 ? 'first' : 'last',
      adopt: options % 7 === 0,
      dropUnknown: options % 9 === 0,
    }),
  rewrite: ({ api, input, output, options }) =>
    api.rewrite(input, {
      output,
      at,
      seed,
      opaque: 'drop',
      allowLoss: true,
      verify: options % 3 > 0,
      format: pick([undefined, ...formats], options),
      target: options % 6 === 0 ? pick(servers, options >> 4) : undefined,
    }),
  convert: ({ api, input, output, options }) =>
    api.convert(input, {
      to: pick(formats, options),
      output,
      at,
      seed,
      allowLoss: options % 2 === 0,
      compact: options % 5 === 0,
      opaque: 'drop',
      target: options % 4 === 0 ? pick(servers, options >> 5) : undefined,
    } as Api.ConvertOptions),
  diff: ({ api, input, options }) => api.diff(input, input, { at, ttl: options % 2 === 0, deep: true, opaque: 'drop' }),
  restore: ({ api, input, output, options }) =>
    api.restore(input, {
      point: options % 2 ? { toCommand: { number: options % 11 } } : { without: [{ from: 2, to: 3 }, 'DEL *'] },
      output,
      at,
      seed,
      opaque: 'drop',
      allowLoss: true,
    } as Api.RestoreOptions),
  boot: start,
};

/** Names of the operations: the ten commands, `log` twice. */
export const operationNames = Object.keys(operations);

/** Runs them all on what lies at `input`; what they write goes to `scratch`, which is emptied. */
export async function runAll(api: typeof Api, input: string, options: number, scratch: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [index, command] of operationNames.entries()) {
    fs.rmSync(scratch, { recursive: true, force: true });
    fs.mkdirSync(scratch, { recursive: true });
    const output = path.join(scratch, 'out');
    const begun = process.cpuUsage();
    let answer = '';
    let bug: string | undefined;
    try {
      // The number of the operation goes in, so that options of two operations are chosen apart.
      const run = { api, input, output, options: (options >>> index) + index };
      answer = unnamed(plain(await operations[command](run), scratch)) + contents(scratch, input);
    } catch (error) {
      const { name, message, stack } = error as Error;
      if (!expected.has(name)) bug = stack ?? message;
      answer = unnamed(`${name}: ${message}`.replaceAll(scratch, ''));
    }
    const { user } = process.cpuUsage(begun);
    answers.push({ command, answer, bug, seconds: user / 1e6 });
  }
  return answers;
}

function plain(result: unknown, scratch: string): string {
  const shown = JSON.stringify(result, (_, value) => {
    if (typeof value === 'bigint') return String(value);
    if (value instanceof Map || value instanceof Set) return [...value];
    // The order of names in an object is no part of an answer.
    if (value?.constructor === Object)
      return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
    return ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
      : value;
  });
  return String(shown).replaceAll(scratch, '');
}

/** The hash of what was written, without what names a place or a moment, or was chosen at random. */
function sha1(bytes: Buffer, ...places: string[]): string {
  const text = places.reduce((rest, place) => rest.replaceAll(place, ''), bytes.latin1Slice());
  return crypto.createHash('sha1').update(unnamed(text), 'latin1').digest('hex');
}

/** Without moments, and without what is random in the names of temporary files. */
const unnamed = (text: string) =>
  text.replace(/aofkit-[0-9a-f]{16}/g, 'aofkit-').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T');

function contents(folder: string, input: string): string {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return names
    .filter((name) => fs.statSync(path.join(folder, name)).isFile())
    .map((name) => ` ${unnamed(name)} ${sha1(fs.readFileSync(path.join(folder, name)), folder, path.dirname(input))}`)
    .join('');
}
