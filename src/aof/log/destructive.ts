import { isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { CommandInfo } from '../../servers/command-catalog.ts';

/**
 * Which commands count as destructive, as far as a command alone can tell, without replaying what came before it:
 *
 * - it removes keys or databases by its meaning, whether they were there or not: `always`;
 * - RENAME, SWAPDB and MOVE with REPLACE, which may put something else in a key's place; RENAMENX never does and does not count;
 * - an expiry that deletes: a time that is not in the future, seen from the last `#TS:` annotation. Without an annotation only
 *   times up to 0 are known to be past. What a server removed because it had expired is in the log as DEL or UNLINK.
 *
 * Removing elements (SREM, HDEL, LPOP …) does not count, although a collection's last element takes its key along, and neither
 * does overwriting (SET, RESTORE REPLACE, *STORE).
 */
const always = new Set([
  ...['FLUSHALL', 'FLUSHDB', 'SWAPDB', 'DEL', 'UNLINK', 'DELEX', 'DELIFEQ', 'GETDEL', 'RENAME'],
  ...['TRIMSLOTS', 'CLUSTER FLUSHSLOT', 'FUNCTION FLUSH', 'FUNCTION DELETE'],
]);

/** Position of a time, milliseconds a unit, and whether it is relative. */
const expiries: Readonly<Record<string, readonly [unit: number, relative: boolean]>> = {
  EXPIRE: [1000, true],
  PEXPIRE: [1, true],
  EXPIREAT: [1000, false],
  PEXPIREAT: [1, false],
};

/** The same for the words of SET, GETEX and MSETEX. */
const words: readonly (readonly [word: string, unit: number, relative: boolean])[] = [
  ['EX', 1000, true],
  ['PX', 1, true],
  ['EXAT', 1000, false],
  ['PXAT', 1, false],
];

/** With how many arguments or less the command takes away nothing, whatever they are; infinitely many for one that never does. */
export function harmlessCount({ name }: CommandInfo): number {
  if (always.has(name) || name === 'MIGRATE') return 0;
  if (expiries[name] !== undefined) return 2;
  if (name === 'SET') return 4;
  if (name === 'MOVE') return 3;
  return name === 'GETEX' ? 3 : Number.POSITIVE_INFINITY;
}

/** Whether the command takes away keys. `time`: seconds since 1970 when it was written, NaN if nobody knows. */
export function isDestructive(info: CommandInfo, frame: CommandView, time: number): boolean {
  const { name } = info;
  if (always.has(name)) return true;
  if (name === 'MIGRATE') return !hasWord(frame, 6, 'COPY');
  if (name === 'MOVE') return hasWord(frame, 3, 'REPLACE');
  const expiry = expiries[name];
  if (expiry !== undefined && frame.argc >= 3) return isPast(frame, 2, expiry[0], expiry[1], time);
  if (name === 'SET') return isPastByWord(frame, 3, time);
  if (name === 'GETEX') return isPastByWord(frame, 2, time);
  return false;
}

function isPastByWord(frame: CommandView, from: number, time: number): boolean {
  for (let index = from; index < frame.argc - 1; index++) {
    for (const [word, unit, relative] of words) {
      if (isWord(frame, index, word)) return isPast(frame, index + 1, unit, relative, time);
    }
  }
  return false;
}

function isPast(frame: CommandView, position: number, unit: number, relative: boolean, time: number): boolean {
  if (frame.lengths[position] > 20) return false;
  const value = Number(frame.text(position)) * unit;
  return value <= (relative || Number.isNaN(time) ? 0 : time * 1000);
}

function hasWord(frame: CommandView, from: number, word: string): boolean {
  for (let index = from; index < frame.argc; index++) if (isWord(frame, index, word)) return true;
  return false;
}
