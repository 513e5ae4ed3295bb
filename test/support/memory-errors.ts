import fs from 'node:fs';
import path from 'node:path';
import { scanKeys } from '../../src/keys/scan-keys.ts';
import { type MemoryServer, memoryRules } from '../../src/memory/rules.ts';
import { KeySizer } from '../../src/memory/value-size.ts';
import { measureKeys, memoryWorkload } from './memory-workload.ts';
import { ReplyError } from './reply.ts';
import { type ServerName, startServer, temporaryDir } from './server-process.ts';

/** How far the estimates of keys of one type and encoding are off, as shares of what the server says. */
export interface MemoryError {
  readonly server: MemoryServer;
  readonly type: string;
  readonly encoding: string;
  readonly keys: number;
  readonly median: number;
  readonly percentile95: number;
  readonly max: number;
}

/** An RDB of the workload, written by that server. */
export async function workloadRdb(writer: ServerName, seed: number): Promise<string> {
  const server = await startServer(writer);
  const replies = await server.pipeline(memoryWorkload(writer, seed));
  const refused = replies.find((reply) => reply instanceof ReplyError);
  if (refused !== undefined) throw new Error(`${writer}: ${String(refused)}`);
  await server.command('SAVE');
  const file = path.join(temporaryDir(), `${writer}.rdb`);
  fs.copyFileSync(path.join(server.dir, 'dump.rdb'), file);
  await server.stop();
  return file;
}

/** Has a server load an RDB, and compares the estimates for its keys with its answers. */
export async function memoryErrors(name: ServerName, rdb: string): Promise<MemoryError[]> {
  const dir = temporaryDir();
  fs.copyFileSync(rdb, path.join(dir, 'dump.rdb'));
  const server = await startServer(name, { dir });
  const measured = new Map((await measureKeys(server)).map((key) => [key.name, key]));
  await server.stop();
  const errors = new Map<string, number[]>();
  const sizer = new KeySizer(memoryRules(name));
  const { ok } = await scanKeys(
    rdb,
    { at: 0 },
    {
      key(record) {
        sizer.measure(record, record.raw);
        const answer = measured.get(record.name);
        if (answer === undefined) throw new Error(`${name} has no key ${record.name}`);
        const group = `${answer.type} ${answer.encoding}`;
        const error = Math.abs(sizer.bytes - answer.usage) / answer.usage;
        errors.set(group, [...(errors.get(group) ?? []), error]);
        return undefined;
      },
    },
  );
  if (!ok) throw new Error(`${rdb} is damaged`);
  return [...errors].sort().map(([group, list]) => summary(name, group, list));
}

function summary(server: MemoryServer, group: string, errors: number[]): MemoryError {
  errors.sort((a, b) => a - b);
  const at = (share: number) => errors[Math.min(errors.length - 1, Math.ceil(errors.length * share) - 1)];
  const [type, encoding] = group.split(' ');
  return { server, type, encoding, keys: errors.length, median: at(0.5), percentile95: at(0.95), max: at(1) };
}
