import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type * as Api from '../../src/index.ts';

/*
 * What the ten commands do, through the library: each gives an answer that can be compared, or ends with an error that the command line
 * tells in a sentence. Everything else that is thrown is a bug.
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
  /** Hash of the result and of all that was written. */
  readonly answer: string;
  /** Of an error that is none of the expected ones. */
  readonly bug?: string;
  /** User time, seconds. */
  readonly seconds: number;
}

type Operation = (api: typeof Api, input: string, output: string) => Promise<unknown>;

const silent = { onOutput: () => {} };

const operations: Readonly<Record<string, Operation>> = {
  check: (api, input) => api.check(input, { seed }),
  verify: (api, input) => api.verify(input),
  digest: (api, input) => api.digest(input, { at }),
  log: (api, input) => api.log(input, silent),
  statistics: (api, input) => api.logStatistics(input, {}),
  repair: (api, input, output) => api.repair(input, { output, seed }),
  rewrite: (api, input, output) =>
    api.rewrite(input, { output, at, seed, opaque: 'drop', allowLoss: true, verify: true }),
  convert: (api, input, output) =>
    api.convert(input, { to: 'rdb', output, at, seed, allowLoss: true } as Api.ConvertOptions),
  diff: (api, input) => api.diff(input, input, { at, ttl: true, deep: true }),
  restore: (api, input, output) =>
    api.restore(input, { point: { command: { number: 3 } }, output, at, seed } as Api.RestoreOptions),
  boot: (api, input) => {
    const folder = fs.statSync(input).isDirectory();
    const configuration = path.join(input, 'redis.conf');
    return api.boot(folder ? input : path.dirname(input), {
      server: 'redis-8.6',
      configuration: folder && fs.existsSync(configuration) ? configuration : undefined,
      settings: folder
        ? []
        : ['appendonly yes', `appendfilename ${path.basename(input)}`, `dbfilename ${path.basename(input)}`],
      at,
      seed,
    });
  },
};

/** Runs them all on what lies at `input`; what they write goes to `scratch`, which is emptied. */
export async function runAll(api: typeof Api, input: string, scratch: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [command, operation] of Object.entries(operations)) {
    fs.rmSync(scratch, { recursive: true, force: true });
    fs.mkdirSync(scratch, { recursive: true });
    const begun = process.cpuUsage();
    const output = path.join(scratch, 'out');
    let answer = '';
    let bug: string | undefined;
    try {
      answer = plain(await operation(api, input, output), scratch) + contents(scratch);
    } catch (error) {
      const { name, message, stack } = error as Error;
      if (!expected.has(name)) bug = stack ?? message;
      answer = `${name}: ${message}`.replaceAll(scratch, '');
    }
    const seconds = process.cpuUsage(begun).user / 1e6;
    answers.push({ command, answer, bug, seconds });
  }
  return answers;
}

function plain(result: unknown, scratch: string): string {
  const shown = JSON.stringify(result, (_, value) => {
    if (typeof value === 'bigint') return String(value);
    if (value instanceof Map || value instanceof Set) return [...value];
    return ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
      : value;
  });
  return String(shown).replaceAll(scratch, '');
}

function contents(folder: string): string {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return names
    .filter((name) => fs.statSync(path.join(folder, name)).isFile())
    .map(
      (name) =>
        ` ${name} ${crypto
          .createHash('sha1')
          .update(fs.readFileSync(path.join(folder, name)))
          .digest('hex')}`,
    )
    .join('');
}
