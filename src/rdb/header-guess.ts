import { FormatError } from '../faults.ts';
import { targets } from '../servers/targets.ts';
import type { Fork } from '../servers/value-type-id.ts';
import { Opcode, versionMax } from './opcodes.ts';

/** The first nine bytes of an RDB, as they should be. */
export interface RdbHeaderGuess {
  readonly magic: string;
  readonly fork: Fork;
  readonly version: number;
}

const headerOf = (magic: string): RdbHeaderGuess => {
  const fork = magic.startsWith('R') ? 'redis' : 'valkey';
  return { magic, fork, version: Number(magic.slice(fork === 'redis' ? 5 : 6)) };
};

/** Letters at which two texts agree. */
const agreement = (a: string, b: string): number => [...a].filter((letter, index) => letter === b[index]).length;

/**
 * What the damaged first nine bytes of an RDB must have been, from `head`, its first bytes: their own remains, or the version of
 * the server in an aux field. Undefined where nothing tells.
 */
export function guessHeader(head: Buffer): RdbHeaderGuess | undefined {
  const text = head.latin1Slice();
  return guessByServer(text) ?? guessByRemains(text);
}

function guessByServer(text: string): RdbHeaderGuess | undefined {
  const match = /(redis|valkey)-ver.(\d+)\.(\d+)\.\d/s.exec(text);
  if (match === null) return undefined;
  const [, fork, major, minor] = match;
  // Valkey 7.2 still calls itself redis-ver 7.2.4, and writes the same version.
  const target = targets.find(({ name }) => name === `${fork}-${major}.${minor}`);
  return target === undefined ? undefined : headerOf(target.magic);
}

function guessByRemains(text: string): RdbHeaderGuess | undefined {
  const redis = /^.{5}(\d{4})/s.exec(text);
  if (
    redis !== null &&
    agreement(text, 'REDIS') >= 3 &&
    Number(redis[1]) >= 1 &&
    Number(redis[1]) <= versionMax.redis
  ) {
    return headerOf(`REDIS${redis[1]}`);
  }
  const valkey = /^.{6}(\d{3})/s.exec(text);
  if (valkey !== null && agreement(text, 'VALKEY') >= 4 && Number(valkey[1]) === versionMax.valkey) {
    return headerOf(`VALKEY${valkey[1]}`);
  }
  // Nothing is left but the front of the magic: an RDB of any version without keys will do.
  return text.length < 9 ? headerOf('REDIS0009') : undefined;
}

/** Whether a file that nothing else tells of begins like a damaged RDB. */
export function resemblesRdb(head: Buffer): boolean {
  const text = head.latin1Slice(0, Math.min(9, head.length));
  if (agreement(text, 'REDIS00') >= 4 || agreement(text, 'VALKEY0') >= 5) return true;
  return /(redis|valkey)-ver.\d+\.\d+\.\d/s.test(head.latin1Slice(0, Math.min(64, head.length)));
}

/** First version of the format that has aux fields. */
const auxVersionMin = 7;

/** What is wrong with a header that reads as a version, but cannot be one that was written so. */
export function headerContradiction(head: Buffer): FormatError | undefined {
  const text = head.latin1Slice(0, Math.min(9, head.length));
  if (!isWhole(head)) return new FormatError('rdb.signature', 0, 'a magic and its version', JSON.stringify(text));
  const early = text.startsWith('R') && Number(text.slice(5)) < auxVersionMin;
  if (!early || head[9] !== Opcode.aux) return undefined;
  return new FormatError('rdb.version.unsupported', 5, 'a version that has aux fields', text.slice(5));
}

/** Whether the first nine bytes are a magic and digits, whatever they say. */
export function isWhole(head: Buffer): boolean {
  return /^(REDIS\d{4}|VALKEY\d{3})/.test(head.latin1Slice(0, Math.min(9, head.length)));
}

/** The fork that a damaged head rather belongs to. */
export function forkOf(head: Buffer): Fork {
  const text = head.latin1Slice();
  return agreement(text.slice(0, 6), 'VALKEY') >= 3 || text.includes('valkey-ver') ? 'valkey' : 'redis';
}

export function magicOf(fork: Fork, version: number): string {
  return fork === 'redis' ? `REDIS${String(version).padStart(4, '0')}` : `VALKEY${String(version).padStart(3, '0')}`;
}
