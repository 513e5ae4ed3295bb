import { UsageError } from '../../errors.ts';
import type { Directive } from './directives.ts';

/** A line whose words a server refuses. */
export class RefusedDirective extends UsageError {
  readonly directive: string;

  constructor(directive: string, message: string) {
    super(message);
    this.directive = directive;
  }
}

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
  readonly cluster: boolean;
  readonly clusterConfigFile: string;
  readonly clusterDatabases: number;
  /** It follows a master. */
  readonly replica: boolean;
  readonly sanitize: 'no' | 'yes' | 'clients';
  /** Paths of modules. */
  readonly modules: readonly string[];
  /** Commands that get another name, or none (''), in this order. */
  readonly renames: readonly (readonly [from: string, to: string])[];
  readonly aclFile: string;
  /** Bytes; 0: no bound. */
  readonly maxMemory: number;
  readonly maxMemoryPolicy: string;
  /** preload-file (Redis 8.10): the one thing that is loaded, whatever else is set. */
  readonly preload: Preload | undefined;
}

/** A manifest or an RDB, from a backup mostly. */
export interface Preload {
  readonly kind: 'aof' | 'rdb';
  readonly path: string;
}

function preloadOf(text: string): Preload | undefined {
  if (text === '') return undefined;
  const match = /^(aof|rdb):(.+)$/s.exec(text);
  if (match === null)
    throw new RefusedDirective('preload-file', `preload-file must be aof:PATH or rdb:PATH, not ${text}`);
  return { kind: match[1] as Preload['kind'], path: match[2] };
}

/** What the directives say, the last one of a name winning, and the generation's defaults for the rest. Throws UsageError. */
export function settingsOf(directives: readonly Directive[], isOld: boolean): BootSettings {
  const last = new Map(directives.map(({ name, words }) => [name, words] as const));
  const text = (name: string, otherwise: string): string => last.get(name)?.[0] ?? otherwise;
  const yes = (name: string, otherwise: boolean): boolean => {
    const word = text(name, otherwise ? 'yes' : 'no').toLowerCase();
    if (word !== 'yes' && word !== 'no') throw new RefusedDirective(name, `${name} must be yes or no, not ${word}`);
    return word === 'yes';
  };
  const number = (name: string, otherwise: number, least = 0): number => {
    const value = text(name, String(otherwise));
    if (!/^\d+$/.test(value)) throw new RefusedDirective(name, `${name} must be a number, not ${value}`);
    if (Number(value) < least) throw new RefusedDirective(name, `${name} must be ${least} or more, not ${value}`);
    return Number(value);
  };
  const fileName = (name: string, otherwise: string): string => {
    const value = text(name, otherwise);
    if (/[/\\]/.test(value)) throw new RefusedDirective(name, `${name} can't be a path, just a name: ${value}`);
    return value;
  };
  const oneOf = <T extends string>(name: string, choices: readonly T[]): T => {
    const word = text(name, choices[0]);
    const found = choices.find((choice) => choice === word.toLowerCase());
    if (found === undefined)
      throw new RefusedDirective(name, `${name} must be one of ${choices.join(', ')}, not ${word}`);
    return found;
  };
  const size = (name: string, otherwise: string): number => {
    const bytes = sizeOf(text(name, otherwise));
    if (bytes === undefined) throw new RefusedDirective(name, `${name} must be a size, not ${text(name, otherwise)}`);
    return bytes;
  };
  const all = (name: string) => directives.filter((directive) => directive.name === name).map(({ words }) => words);
  return {
    appendonly: yes('appendonly', false),
    appendfilename: fileName('appendfilename', 'appendonly.aof'),
    appenddirname: fileName('appenddirname', 'appendonlydir'),
    dbfilename: fileName('dbfilename', 'dump.rdb'),
    dir: last.get('dir')?.[0],
    useRdbPreamble: yes('aof-use-rdb-preamble', true),
    loadTruncated: yes('aof-load-truncated', true),
    corruptTailMax: number('aof-load-corrupt-tail-max-size', 0),
    timestamps: yes('aof-timestamp-enabled', false),
    disableAutoGc: yes('aof-disable-auto-gc', false),
    databases: number('databases', 16, 1),
    rdbChecksum: yes('rdbchecksum', true),
    versionCheck: oneOf('rdb-version-check', ['strict', 'relaxed']),
    appendfsync: oneOf('appendfsync', ['everysec', 'always', 'no']),
    save: savePoints(directives, isOld),
    rewritePercentage: number('auto-aof-rewrite-percentage', 100),
    rewriteMinSize: size('auto-aof-rewrite-min-size', '64mb'),
    cluster: yes('cluster-enabled', false),
    clusterConfigFile: text('cluster-config-file', 'nodes.conf'),
    clusterDatabases: number('cluster-databases', 1, 1),
    replica: isReplica(directives),
    sanitize: oneOf('sanitize-dump-payload', ['no', 'yes', 'clients']),
    modules: all('loadmodule').map(([path]) => path ?? ''),
    renames: all('rename-command').map(([from, to]) => [from.toUpperCase(), to.toUpperCase()]),
    aclFile: text('aclfile', ''),
    maxMemory: size('maxmemory', '0'),
    maxMemoryPolicy: text('maxmemory-policy', 'noeviction').toLowerCase(),
    preload: preloadOf(text('preload-file', '')),
  };
}

/** `replicaof` and its old name are one setting; `no one` takes it back. */
function isReplica(directives: readonly Directive[]): boolean {
  const last = directives.findLast(({ name }) => name === 'replicaof' || name === 'slaveof');
  return last !== undefined && last.words.join(' ').toLowerCase() !== 'no one';
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

function sizeOf(text: string): number | undefined {
  const match = /^(\d+)([kmg]?b?)$/i.exec(text);
  return match === null ? undefined : Number(match[1]) * units[match[2].toLowerCase()];
}
