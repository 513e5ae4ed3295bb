import type { CommandView } from '../resp/command-view.ts';
import { findCommand } from '../servers/command-catalog.ts';
import { hashBytes } from './key-hash.ts';
import type { Command, Registry } from './registry.ts';

/*
 * A dataset may be loaded in parts, side by side: each shard holds the keys of its own buckets and replays every log, but of the
 * commands only those that are its own. That gives the same keys and values as one replay, because
 *
 *   - a command on one key changes only the shard that holds the key;
 *   - a command that does the same to each key, or to a whole database, or none (MULTI, SELECT), runs in every shard;
 *   - whatever else, such as RENAME or a script, runs in shard 0 alone, which must hold all keys that it names: `CoLocatedKeys` makes it so.
 */

/** Whose a command is. The numbers are those of kernels/assembly/frames-lane.ts. */
export const Share = {
  /** Of the shard that holds its one key. */
  key: 1,
  /** Of every shard. */
  everywhere: 2,
  /** Of shard 0. */
  first: 3,
  /** Of none: it is passed over. */
  nowhere: 4,
} as const;
export type Share = (typeof Share)[keyof typeof Share];

/** A command's share, and the argument that is its key; 0 for none. A command that is everywhere is its key's alone if it has but one. */
export interface Partitioning {
  readonly share: Share;
  readonly key: number;
  /** It may name keys that are in no fixed place. */
  readonly hasHiddenKeys: boolean;
}

/** Buckets of keys; a key's is in the upper half of its hash. */
const bucketCount = 65_536;
/** The bit of a hash by which keys are dealt to two shards, and that decides in which order keys are written. */
const sideShift = 31;

/** Commands that each shard runs on what it holds. */
const everywhere = new Map([
  ['SELECT', 0],
  ['MULTI', 0],
  ['EXEC', 0],
  ['DISCARD', 0],
  ['FLUSHALL', 0],
  ['FLUSHDB', 0],
  ['SWAPDB', 0],
  ['TRIMSLOTS', 0],
  ['SFLUSH', 0],
  ['CLUSTER', 0],
  ['DEL', 1],
  ['UNLINK', 1],
]);
const unknown: Partitioning = { share: Share.first, key: 0, hasHiddenKeys: true };

/** Whose a command, or a container with any subcommand, is; undefined: a command of no family. */
export function partitioningOf(command: Command | undefined): Partitioning {
  if (command === undefined) return unknown;
  const [name] = command.name.split(' ');
  const hidden = hasHiddenKeys(name);
  const repeated = everywhere.get(name);
  if (repeated !== undefined) return { share: Share.everywhere, key: repeated, hasHiddenKeys: hidden };
  const key = singleKey(command);
  const share = key === 0 || hidden ? Share.first : Share.key;
  return { share, key: share === Share.key ? key : 0, hasHiddenKeys: hidden };
}

/** Whether a command, or any of a container, may name keys that are in no fixed place; so may one that the catalog does not know. */
function hasHiddenKeys(name: string): boolean {
  const bytes = Buffer.from(name, 'latin1');
  const info = findCommand(bytes, 0, bytes.length);
  if (info === undefined) return true;
  return info.movableKeys || [...info.subcommands.values()].some(({ movableKeys }) => movableKeys);
}

/** The argument that is the command's only key, whatever its subcommand; 0 where there is none. */
function singleKey(command: Command): number {
  if (command.subcommands === undefined) return command.keys[0] === command.keys[1] ? command.keys[0] : 0;
  const keys = new Set([...command.subcommands.values()].map(singleKey));
  const [key] = keys;
  return keys.size === 1 ? key : 0;
}

/** The bucket of a key. */
function bucketOf(bytes: Uint8Array, start: number, length: number): number {
  return hashBytes(bytes, start, length, 0) >>> 16;
}

/** 0 or 1: the shard of two that a key belongs to where nothing ties it. */
export function sideOf(bytes: Uint8Array, start: number, length: number): number {
  return hashBytes(bytes, start, length, 0) >>> sideShift;
}

/**
 * The shard of two that holds each bucket, before any ties. `lead`: the part of all keys that the first holds beyond its half, because
 * it begins earlier; they are of the second side, whose keys it then writes before the other shard does.
 */
export function freeOwners(lead = 0): Uint8Array {
  const first = Math.ceil(bucketCount * Math.min(0.5 + lead, 1));
  return new Uint8Array(bucketCount).fill(1, first);
}

/** Commands of every shard that touch no key by themselves. */
const keyless = new Set(['SELECT', 'MULTI', 'EXEC', 'DISCARD']);

/** Whose the commands of a registry are, each found out once. */
export class Partitionings {
  private readonly registry: Registry;
  /** By the id of a command or container. */
  private readonly byId: readonly Partitioning[];

  constructor(registry: Registry) {
    this.registry = registry;
    this.byId = registry.commands.map(partitioningOf);
  }

  /** As the kernel deals: by the command's name alone, whatever its subcommand. */
  of(frame: CommandView): Partitioning {
    const head = this.registry.head(frame);
    return head === undefined ? unknown : this.byId[head.id];
  }

  /**
   * The arguments that a command of shard 0 may take for keys, none for a command that every shard runs or its key's alone; undefined
   * where nobody can tell.
   */
  reachedKeys(frame: CommandView): readonly number[] | undefined {
    const { share, hasHiddenKeys } = this.of(frame);
    if (share !== Share.first) return [];
    const command = this.registry.find(frame);
    if (command === undefined) return [];
    if (command.name === 'RREPLAY' || (command.name === 'SORT' && readsOtherKeys(frame))) return undefined;
    const [first, last, step] = command.keys;
    // Options may name keys too, in any place: each argument is taken for one.
    const isFixed = first > 0 && !hasHiddenKeys;
    const end = isFixed ? Math.min(last < 0 ? frame.argc + last : last, frame.argc - 1) : frame.argc - 1;
    const keys: number[] = [];
    for (let index = isFixed ? first : 1; index <= end; index += isFixed ? step : 1) keys.push(index);
    return keys;
  }

  /** The arguments that a command may take for keys; undefined where it may touch others. */
  touchedKeys(frame: CommandView): readonly number[] | undefined {
    const { share, key } = this.of(frame);
    if (share === Share.first) return this.reachedKeys(frame);
    if (share === Share.key) return frame.argc > key ? [key] : [];
    if (key === 0) return keyless.has(this.registry.head(frame)?.name ?? '') ? [] : undefined;
    return Array.from({ length: Math.max(0, frame.argc - key) }, (_, index) => key + index);
  }
}

/** One part of a dataset that is loaded in several. */
export class Partition {
  readonly index: number;
  /** The shard of each bucket. */
  readonly owners: Uint8Array;
  private readonly dealings: Partitionings;

  constructor(index: number, owners: Uint8Array, registry: Registry) {
    this.index = index;
    this.owners = owners;
    this.dealings = new Partitionings(registry);
  }

  /** Whether the key `bytes[start, start + length)` is held here. */
  holds(bytes: Uint8Array, start: number, length: number): boolean {
    return this.owners[bucketOf(bytes, start, length)] === this.index;
  }

  /** Whether the command is run here. */
  takes(frame: CommandView): boolean {
    const { share, key } = this.dealings.of(frame);
    if (share === Share.key || (share === Share.everywhere && key !== 0 && frame.argc === key + 1)) {
      return frame.argc > key ? this.holds(frame.bytes, frame.starts[key], frame.lengths[key]) : this.index === 0;
    }
    return share === Share.everywhere || this.index === 0;
  }

  /** Whether all keys are held here that the command may touch: if not, shard 0 cannot run it. */
  reaches(frame: CommandView): boolean {
    const keys = this.dealings.reachedKeys(frame);
    return keys?.every((index) => this.holds(frame.bytes, frame.starts[index], frame.lengths[index])) ?? false;
  }
}

/** Notes the keys that commands of shard 0 may touch. */
export class CoLocatedKeys {
  readonly owners: Uint8Array;
  private readonly dealings: Partitionings;

  /** `owners`: the shard of each bucket before any ties; it is changed. */
  constructor(registry: Registry, owners: Uint8Array) {
    this.dealings = new Partitionings(registry);
    this.owners = owners;
  }

  /** Ties what a command touches to shard 0; false where nobody can tell what that is. */
  add(frame: CommandView): boolean {
    const keys = this.dealings.reachedKeys(frame);
    for (const index of keys ?? []) this.owners[bucketOf(frame.bytes, frame.starts[index], frame.lengths[index])] = 0;
    return keys !== undefined;
  }
}

/** Whether a SORT has a pattern that makes keys of what the values say. */
function readsOtherKeys(frame: CommandView): boolean {
  for (let index = 2; index < frame.argc; index++) {
    if (frame.lengths[index] <= 3 && /^(?:by|get)$/i.test(frame.text(index))) return true;
  }
  return false;
}
