import { UnreadableError, UsageError, unreadable } from '../../errors.ts';
import fs from '../../io/file-system.ts';
import { readSmallFile } from '../../io/small-file.ts';
import { lookUp } from '../../records.ts';
import { splitWords } from '../../words.ts';
import { directiveGenerations, directiveRows } from './directives.generated.ts';
import { includedPaths } from './include-paths.ts';

/** One line of a configuration. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  readonly line: string;
}

/** Settings that came between the generations that were asked, with the first that knows them. */
const since: Readonly<Record<string, { readonly redis?: string; readonly valkey?: string }>> = {
  appenddirname: { redis: '7.0', valkey: '7.2' },
  'aof-timestamp-enabled': { redis: '7.0', valkey: '7.2' },
  'aof-disable-auto-gc': { redis: '7.0', valkey: '7.2' },
  'aof-load-corrupt-tail-max-size': { redis: '8.4' },
  'rdb-version-check': { valkey: '8.1' },
  'preload-file': { redis: '8.10' },
  backupdirname: { redis: '8.10' },
  'backup-sealed-ttl': { redis: '8.10' },
};

const known = new Map(directiveRows);

/** The first directive that this generation does not know, which ends it; undefined where it knows all. */
export function unknownDirective(directives: readonly Directive[], generation: string): Directive | undefined {
  const hasModules = directives.some(({ name }) => name === 'loadmodule');
  return directives.find(({ name }) => !isKnown(name, generation) && !(hasModules && name.includes('.')));
}

/**
 * What one of the generations that were asked knows, a later one of its fork knows too; what came after it may have come with the
 * generation in question, unless the table above says when; nothing is said of generations beyond those that were asked.
 */
function isKnown(name: string, generation: string): boolean {
  const [fork, version] = generation.split('-') as ['redis' | 'valkey', string];
  const releases = lookUp(since, name);
  const first = releases?.[fork];
  if (releases !== undefined) return first !== undefined && !isBefore(version, first);
  const mask = known.get(name) ?? 0;
  const asked = directiveGenerations.flatMap((other, bit) =>
    other.startsWith(fork) ? [{ version: other.slice(fork.length + 1), knows: ((mask >> bit) & 1) === 1 }] : [],
  );
  const exact = asked.find((other) => other.version === version);
  if (exact !== undefined) return exact.knows;
  const isInside =
    asked.some((other) => isBefore(version, other.version)) && asked.some((other) => isBefore(other.version, version));
  return !isInside || asked.some(({ knows }) => knows);
}

function isBefore(version: string, other: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  const [otherMajor, otherMinor] = other.split('.').map(Number);
  return major !== otherMajor ? major < otherMajor : minor < otherMinor;
}

/** Stands for an include line whose file cannot be read. */
export const missingInclude = ' missing include';

/** Deepest chain of include lines: one that includes itself would never end. */
const includeDepthMax = 16;
/** Bytes of a configuration and all that it includes. */
const configurationBytesMax = 64 * 1024 * 1024;

/** What was read so far of a configuration: the files that are being read, by device and inode, and bytes in all. */
interface Reading {
  readonly open: string[];
  bytes: number;
}

/**
 * The directives of a configuration file, include lines (with their globs) replaced by what they name. Throws UnreadableError,
 * and UsageError for a line that a server does not take either.
 */
export function readConfiguration(path: string, within?: Reading): Directive[] {
  const reading = within ?? { open: [], bytes: 0 };
  const { open } = reading;
  let bytes: Buffer;
  let identity: string;
  try {
    bytes = readSmallFile(path);
    const { dev, ino } = fs.statSync(path);
    identity = `${dev}:${ino}`;
  } catch (error) {
    // A server ends where an included file is missing: that is an answer, and no fault of who asks.
    if (within !== undefined && isMissing(error))
      return [{ name: missingInclude, words: [path], line: `include ${path}` }];
    throw unreadable(path, error);
  }
  if (open.includes(identity)) throw new UsageError(`${path} includes itself`);
  if (open.length > includeDepthMax)
    throw new UsageError(`${path} is included too deep: ${includeDepthMax} levels are read`);
  reading.bytes += Math.max(bytes.length, 4096);
  if (reading.bytes > configurationBytesMax)
    throw new UsageError(`the configuration includes too much: it ends in ${path}`);
  open.push(identity);
  const directives = included(parseConfiguration(bytes.toString('utf8'), path), reading);
  open.pop();
  return directives;
}

/** Whether a server finds nothing to read either; what is no regular file would keep it waiting. */
function isMissing(error: unknown): boolean {
  return !(error instanceof UnreadableError && ['ENOTREG', 'EFBIG'].includes(error.code));
}

/** The directives, include lines replaced by what they name. Throws as `readConfiguration`. */
export function included(directives: readonly Directive[], reading: Reading = { open: [], bytes: 0 }): Directive[] {
  return directives.flatMap((directive) =>
    directive.name !== 'include'
      ? [directive]
      : includedPaths(directive.words[0] ?? '').flatMap((name) => readConfiguration(name, reading)),
  );
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
