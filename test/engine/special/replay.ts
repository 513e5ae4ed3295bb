/*
 * The same commands replayed by the engine and loaded by a real server from an AOF.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Family } from '../../../src/engine/commands/family.ts';
import { Dataset } from '../../../src/engine/dataset.ts';
import { Registry } from '../../../src/engine/registry.ts';
import { Session } from '../../../src/engine/session.ts';
import { CommandView } from '../../../src/resp/command-view.ts';
import type { Flavor } from '../../../src/servers/flavor.ts';
import { encodeCommand, type Reply } from '../../support/reply.ts';
import { type Server, type ServerName, startServer, temporaryDir } from '../../support/server-process.ts';

/** A command: binary strings. */
export type Command = readonly string[];

/** The rules that each real server follows. */
export const flavorOf: Record<ServerName, Flavor> = {
  'redis-6.0': 'redis-6.2',
  'redis-7.0': 'redis-7.0',
  'redis-8.0': 'redis-8',
  'redis-8.6': 'redis-8',
  'valkey-8.1': 'valkey-8',
  'valkey-9.1': 'valkey-9',
};

/** Replays the commands on an empty dataset. */
export function replay(
  commands: readonly Command[],
  families: readonly Family[],
  flavor: Flavor,
  now: number,
): Session {
  const session = new Session(new Dataset(), new Registry(families), { flavor, now, errorsMax: 1e6 });
  for (const command of commands) session.execute(CommandView.of(command));
  return session;
}

/** Starts a server that loads the commands as its AOF. */
export function loadAof(name: ServerName, commands: readonly Command[]): Promise<Server> {
  const dir = join(temporaryDir(), 'data');
  mkdirSync(dir, { recursive: true });
  const bytes = commands.map((command) => encodeCommand(command.map((text) => Buffer.from(text, 'latin1'))));
  writeFileSync(join(dir, 'appendonly.aof'), Buffer.concat(bytes));
  return startServer(name, { dir, config: { appendonly: 'yes', appendfsync: 'no', 'aof-load-truncated': 'no' } });
}

/** Error replies that the server logged while it loaded, in order, without their code. */
export function loadingErrors(server: Server): string[] {
  const errors: string[] = [];
  for (const line of server.log().split('\n')) {
    const match = /AOF-loading-client: '(.*)' after processing/.exec(line);
    if (match) errors.push(match[1].replace(/^-?(ERR|[A-Z]+) /, ''));
  }
  return errors;
}

/** A reply with bulk strings as binary strings. */
export function textOf(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(textOf);
  if (Buffer.isBuffer(reply)) return reply.latin1Slice(0, reply.length);
  return reply;
}

/** A seeded source of random numbers (mulberry32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** In [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}
