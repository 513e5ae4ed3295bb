import fs from 'node:fs';
import nodePath from 'node:path';
import { splitWords } from '../../aof/manifest.ts';
import { UsageError, unreadable } from '../../errors.ts';

/** The settings that decide what a start does with the files, and what a crash would cost. */
export interface BootSettings {
  readonly appendonly: boolean;
  readonly appendfilename: string;
  readonly appenddirname: string;
  readonly dbfilename: string;
  /** Undefined where it is not set: the folder that the server is started in. */
  readonly dir: string | undefined;
  readonly useRdbPreamble: boolean;
  readonly loadTruncated: boolean;
  /** aof-load-corrupt-tail-max-size, bytes. */
  readonly corruptTailMax: number;
  readonly timestamps: boolean;
  readonly disableAutoGc: boolean;
  readonly databases: number;
  readonly rdbChecksum: boolean;
  readonly versionCheck: 'strict' | 'relaxed';
  readonly appendfsync: 'always' | 'everysec' | 'no';
  /** Seconds and changes of each save point. */
  readonly save: readonly (readonly [seconds: number, changes: number])[];
  readonly rewritePercentage: number;
  readonly rewriteMinSize: number;
}

/** One line of a configuration. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  readonly line: string;
}

/** Settings that some generations do not know, with the first that does; to an older one they are a fatal error. */
const since: Readonly<Record<string, { readonly redis?: string; readonly valkey?: string }>> = {
  appenddirname: { redis: '7.0', valkey: '7.2' },
  'aof-timestamp-enabled': { redis: '7.0', valkey: '7.2' },
  'aof-disable-auto-gc': { redis: '7.0', valkey: '7.2' },
  'aof-load-corrupt-tail-max-size': { redis: '8.4' },
  'rdb-version-check': { valkey: '8.1' },
};

/** The name of a directive that this generation does not know; undefined where it knows all. */
export function unknownDirective(directives: readonly Directive[], generation: string): Directive | undefined {
  const [fork, version] = generation.split('-') as ['redis' | 'valkey', string];
  return directives.find(({ name }) => {
    const first = since[name];
    return first !== undefined && (first[fork] === undefined || isBefore(version, first[fork]));
  });
}

function isBefore(version: string, other: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  const [otherMajor, otherMinor] = other.split('.').map(Number);
  return major !== otherMajor ? major < otherMajor : minor < otherMinor;
}

/** Deepest chain of include lines: one that includes itself would never end. */
const includeDepthMax = 16;

/**
 * The directives of a configuration file, include lines (with their globs) replaced by what they name. Throws UnreadableError,
 * and UsageError for a line that a server does not take either.
 */
export function readConfiguration(path: string, depth = 0): Directive[] {
  if (depth > includeDepthMax) throw new UsageError(`${path} includes itself`);
  let text: string;
  try {
    text = fs.readFileSync(path, 'latin1');
  } catch (error) {
    throw unreadable(path, error);
  }
  return parseConfiguration(text, path).flatMap((directive) =>
    directive.name !== 'include'
      ? [directive]
      : includedPaths(directive.words[0] ?? '').flatMap((name) => readConfiguration(name, depth + 1)),
  );
}

/** A server resolves an include from the folder it runs in; so do we. */
function includedPaths(pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return [pattern];
  const folder = nodePath.dirname(pattern);
  const name = new RegExp(
    `^${nodePath
      .basename(pattern)
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((entry) => name.test(entry))
    .sort()
    .map((entry) => nodePath.join(folder, entry));
}

/** The directives of a configuration's text: blank lines and comments go, words are split as the server splits them. */
export function parseConfiguration(text: string, path = 'the configuration'): Directive[] {
  const directives: Directive[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
    if (line === '' || line.startsWith('#')) return;
    const words = splitWords(line);
    if (words === undefined) throw new UsageError(`line ${index + 1} of ${path} has unbalanced quotes: ${line}`);
    if (words.length > 0) directives.push({ name: words[0].toLowerCase(), words: words.slice(1), line });
  });
  return directives;
}

/** What the directives say, the last one of a name winning, and the generation's defaults for the rest. Throws UsageError. */
export function settingsOf(directives: readonly Directive[], isOld: boolean): BootSettings {
  const last = new Map(directives.map(({ name, words }) => [name, words] as const));
  const text = (name: string, otherwise: string): string => last.get(name)?.[0] ?? otherwise;
  const yes = (name: string, otherwise: boolean): boolean => {
    const word = text(name, otherwise ? 'yes' : 'no').toLowerCase();
    if (word !== 'yes' && word !== 'no') throw new UsageError(`${name} must be yes or no, not ${word}`);
    return word === 'yes';
  };
  const number = (name: string, otherwise: number): number => {
    const value = text(name, String(otherwise));
    if (!/^\d+$/.test(value)) throw new UsageError(`${name} must be a number, not ${value}`);
    return Number(value);
  };
  return {
    appendonly: yes('appendonly', false),
    appendfilename: text('appendfilename', 'appendonly.aof'),
    appenddirname: text('appenddirname', 'appendonlydir'),
    dbfilename: text('dbfilename', 'dump.rdb'),
    dir: last.get('dir')?.[0],
    useRdbPreamble: yes('aof-use-rdb-preamble', true),
    loadTruncated: yes('aof-load-truncated', true),
    corruptTailMax: number('aof-load-corrupt-tail-max-size', 0),
    timestamps: yes('aof-timestamp-enabled', false),
    disableAutoGc: yes('aof-disable-auto-gc', false),
    databases: number('databases', 16),
    rdbChecksum: yes('rdbchecksum', true),
    versionCheck: oneOf(text('rdb-version-check', 'strict'), ['strict', 'relaxed']),
    appendfsync: oneOf(text('appendfsync', 'everysec'), ['everysec', 'always', 'no']),
    save: savePoints(directives, isOld),
    rewritePercentage: number('auto-aof-rewrite-percentage', 100),
    rewriteMinSize: sizeOf(text('auto-aof-rewrite-min-size', '64mb')),
  };
}

function oneOf<T extends string>(word: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === word.toLowerCase());
  if (found === undefined) throw new UsageError(`${word} is none of ${choices.join(', ')}`);
  return found;
}

/** Save points add up from line to line, and `save ""` clears them. The defaults go with the first line. */
function savePoints(directives: readonly Directive[], isOld: boolean): (readonly [number, number])[] {
  const defaults: [number, number][] = isOld
    ? [
        [900, 1],
        [300, 10],
        [60, 10000],
      ]
    : [
        [3600, 1],
        [300, 100],
        [60, 10000],
      ];
  const lines = directives.filter(({ name }) => name === 'save');
  if (lines.length === 0) return defaults;
  const points: [number, number][] = [];
  for (const { words } of lines) {
    if (words.length === 1 && words[0] === '') points.length = 0;
    for (let index = 0; index + 1 < words.length; index += 2)
      points.push([Number(words[index]), Number(words[index + 1])]);
  }
  return points;
}

const units: Record<string, number> = { '': 1, b: 1, k: 1000, kb: 1024, m: 1e6, mb: 1024 ** 2, g: 1e9, gb: 1024 ** 3 };

function sizeOf(text: string): number {
  const match = /^(\d+)([kmg]?b?)$/i.exec(text);
  if (match === null) throw new UsageError(`not a size: ${text}`);
  return Number(match[1]) * units[match[2].toLowerCase()];
}
