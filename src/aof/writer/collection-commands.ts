/**
 * The commands that BGREWRITEAOF writes for lists, sets, sorted sets, hashes and arrays (rewriteListObject and the others in
 * the servers' aof.c), compared with what servers write in test/resp.
 */

import { Grisu2 } from '../../encodings/grisu2.ts';
import { addU64 } from '../../encodings/u64.ts';
import { fieldExpireMax } from '../../limits.ts';
import { loseSortedExpiry } from '../../rdb/writer/value-encoder.ts';
import { compactLimits } from '../../servers/compact-limits.ts';
import type { ArrayValue } from '../../values/array.ts';
import type { HashValue } from '../../values/hash.ts';
import type { ListValue } from '../../values/list.ts';
import type { PathHashValue } from '../../values/path-hash.ts';
import { formatGeneral17 } from '../../values/score-text.ts';
import type { SetValue } from '../../values/set.ts';
import type { SortedSetValue } from '../../values/sorted-set.ts';
import { itemsPerCommand, type KeyCommands } from './key-commands.ts';

const arrayPairsPerCommand = 32;
const grisu = new Grisu2();

export function rewriteList(commands: KeyCommands, list: ListValue): void {
  const { count } = list;
  for (let start = 0; start < count; start += itemsPerCommand) {
    const end = Math.min(count, start + itemsPerCommand);
    const out = commands.begin(2 + end - start, 'RPUSH');
    for (let index = start; index < end; index++) out.bulkText(list.at(index));
  }
}

export function rewriteSet(commands: KeyCommands, set: SetValue): void {
  if (!set.hasExpiries) {
    addMembers(commands, set.values(), set.count);
    return;
  }
  if (!commands.target.hasMemberExpiry) {
    commands.lose('member-expiry', 'part-dropped', `${commands.target.name} has no expiry of set members`);
    addMembers(commands, set.values(), set.count);
    return;
  }
  // Redis 8.12: those without an expiry first, then the others one by one (aof.c of the branch that brought them).
  const members = [...set.values()];
  const lasting = members.filter((member) => Number.isNaN(set.expiry(member)));
  addMembers(commands, lasting, lasting.length);
  for (const member of members) {
    const expiry = set.expiry(member);
    if (!Number.isNaN(expiry)) commands.command('SADDEX', 'PXAT', String(expiry), 'MEMBERS', '1', member);
  }
}

function addMembers(commands: KeyCommands, members: Iterable<string>, count: number): void {
  const { out } = commands;
  let left = count;
  let inCommand = 0;
  for (const member of members) {
    if (inCommand === 0) {
      inCommand = Math.min(left, itemsPerCommand);
      commands.begin(2 + inCommand, 'SADD');
    }
    out.bulkText(member);
    inCommand--;
    left--;
  }
}

export function rewriteSortedSet(commands: KeyCommands, set: SortedSetValue): void {
  if (set.hasExpiries) loseSortedExpiry(commands.target, commands.lose);
  const entries = scoreOrder(set, commands.target.usesListpacks);
  const isPrintf = commands.target.scoreText === 'printf';
  const kept = signsKeptFrom(commands, entries);
  if (entries.slice(0, kept).some(isNegativeZero)) loseNegativeZero(commands);
  for (let start = 0; start < entries.length; start += itemsPerCommand) {
    const end = Math.min(entries.length, start + itemsPerCommand);
    const out = commands.begin(2 + 2 * (end - start), 'ZADD');
    for (let index = start; index < end; index++) {
      const [member, given] = entries[index];
      const score = given === 0 && index < kept ? 0 : given;
      out.bulkText(isPrintf ? formatGeneral17(score) : grisu.format(score));
      out.bulkText(member);
    }
  }
}

/**
 * Members by ascending score. `signsLast`: those of -0 come behind all others, the long ones first, since a set that has grown out of
 * its listpack by then keeps the sign (signsKeptFrom).
 */
function scoreOrder(set: SortedSetValue, signsLast: boolean): [string, number][] {
  const entries = [...set.entries()];
  entries.sort((a, b) => {
    if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
    return a[0] < b[0] ? -1 : 1;
  });
  if (!signsLast || !entries.some(isNegativeZero)) return entries;
  const signed = entries.filter(isNegativeZero);
  signed.sort((a, b) => Number(isLongMember(b)) - Number(isLongMember(a)));
  return [...entries.filter((entry) => !isNegativeZero(entry)), ...signed];
}

const isNegativeZero = ([, score]: readonly [string, number]) => Object.is(score, -0);
const isLongMember = ([member]: readonly [string, number]) => member.length > compactLimits.sortedSetValueBytes;

/**
 * The index from which on the target keeps the sign of a -0: before it, the set is still small, a listpack, in which a -0 becomes
 * 0. Redis adds one element after the other; Valkey looks at all of a command first.
 */
function signsKeptFrom({ target }: KeyCommands, entries: readonly [string, number][]): number {
  if (!target.usesListpacks) return 0;
  const { sortedSetEntries } = compactLimits;
  const long = entries.findIndex(isLongMember);
  const first = Math.min(long < 0 ? entries.length : long, sortedSetEntries);
  if (target.fork === 'redis') return first;
  for (let start = 0; start < entries.length; start += itemsPerCommand) {
    const end = Math.min(entries.length, start + itemsPerCommand);
    if (end > sortedSetEntries || (long >= start && long < end)) return start;
  }
  return entries.length;
}

function loseNegativeZero(commands: KeyCommands): void {
  commands.lose('negative-zero', 'part-dropped', `${commands.target.name} stores a score of -0 as 0`);
}

export function rewriteHash(commands: KeyCommands, hash: HashValue): void {
  const { fieldExpiry } = commands.target;
  if (hash.hasExpiries && fieldExpiry === 'redis') rewriteExpiringFields(commands, hash);
  else if (hash.hasExpiries && fieldExpiry === 'valkey') rewriteVolatileFields(commands, hash);
  else {
    if (hash.hasExpiries) reportExpiries(commands);
    writeFields(commands, hash.entries(), hash.count);
  }
}

function reportExpiries(commands: KeyCommands): void {
  commands.lose('field-expiry', 'part-dropped', `${commands.target.name} has no expiry of fields`);
}

function writeFields(commands: KeyCommands, entries: Iterable<readonly [string, string]>, count: number): void {
  const { out } = commands;
  let left = count;
  let inCommand = 0;
  for (const [field, value] of entries) {
    if (inCommand === 0) {
      inCommand = Math.min(left, itemsPerCommand);
      commands.begin(2 + 2 * inCommand, 'HMSET');
    }
    out.bulkText(field);
    out.bulkText(value);
    inCommand--;
    left--;
  }
}

/** Redis 7.4 and later: field by field, in the order of expiry, fields without one last. */
function rewriteExpiringFields(commands: KeyCommands, hash: HashValue): void {
  const entries = [...hash.entries()].map(([field, value]) => ({ field, value, expiry: hash.expiry(field) }));
  entries.sort((a, b) => rank(a.expiry) - rank(b.expiry) || 0);
  let lost = 0;
  for (const { field, value, expiry } of entries) {
    commands.command('HMSET', field, value);
    if (Number.isNaN(expiry)) continue;
    if (expiry > fieldExpireMax) lost++;
    else commands.command('HPEXPIREAT', String(expiry), 'FIELDS', '1', field);
  }
  if (lost > 0) reportExpiries(commands);
}

function rank(expiry: number): number {
  return Number.isNaN(expiry) ? Number.POSITIVE_INFINITY : expiry;
}

/** Valkey 9: the fields with an expiry one by one, then the others. */
function rewriteVolatileFields(commands: KeyCommands, hash: HashValue): void {
  const rest: [string, string][] = [];
  for (const [field, value] of hash.entries()) {
    const expiry = hash.expiry(field);
    if (Number.isNaN(expiry)) rest.push([field, value]);
    else commands.command('HSETEX', 'PXAT', String(expiry), 'FIELDS', '1', field, value);
  }
  writeFields(commands, rest, rest.length);
}

/** Valkey 9.2: field by field (rewriteRadixObject in its t_path_hash.c). */
export function rewritePathHash(commands: KeyCommands, value: PathHashValue): void {
  for (const [path, fields] of value.ordered()) {
    for (const [field, text] of fields.entries()) commands.command('PHSET', path, 'FIELDS', '1', field, text);
  }
}

export function rewriteArray(commands: KeyCommands, array: ArrayValue): void {
  const { out } = commands;
  let left = array.count;
  let inCommand = 0;
  for (const [index, text] of array.entries()) {
    if (inCommand === 0) {
      inCommand = Math.min(left, arrayPairsPerCommand);
      commands.begin(2 + 2 * inCommand, 'ARMSET');
    }
    out.bulkInteger(index);
    out.bulkText(text);
    inCommand--;
    left--;
  }
  if (array.insertIndex !== undefined) commands.command('ARSEEK', String(addU64(array.insertIndex, 1)));
}
