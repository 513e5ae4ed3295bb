import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findServer, startServer } from '../test/support/server-process.ts';
import { writeMixedLog } from './mixed-log.ts';

/** Where inputs are kept between runs; AOFKIT_BENCH_DIR overrides. */
export const folder = process.env.AOFKIT_BENCH_DIR ?? path.join(os.tmpdir(), 'aofkit-bench');
fs.mkdirSync(folder, { recursive: true });

export const binary = path.join(import.meta.dirname, '..', 'bin', 'run.js');

/** The tools of a server generation; ends the run with a sentence where it is missing. */
export function tools(name: 'redis-8.6') {
  const found = findServer(name);
  if (found === undefined) throw new Error(`this needs ${name}: see docs/testing.md`);
  return found;
}

/** A log of so many MiB, the same bytes every time. */
export function mixedLog(mebibytes: number): string {
  const file = path.join(folder, `mixed-${mebibytes}.aof`);
  if (!fs.existsSync(file)) writeMixedLog(file, mebibytes);
  return file;
}

/** The RDB that a real server saves after loading the log of 512 MiB: 757 thousand keys, 174 MB. */
export async function realRdb(): Promise<string> {
  const file = path.join(folder, 'real.rdb');
  if (fs.existsSync(file)) return file;
  const server = await loadLog(mixedLog(512));
  await server.command('SAVE');
  fs.copyFileSync(path.join(server.dir, 'dump.rdb'), file);
  await server.stop();
  fs.rmSync(server.dir, { recursive: true, force: true });
  return file;
}

/** A real server that has loaded `log`. */
export async function loadLog(log: string) {
  const dir = fs.mkdtempSync(path.join(folder, 'server-'));
  const parts = path.join(dir, 'appendonlydir');
  fs.mkdirSync(parts);
  spawnSync('cp', [log, path.join(parts, 'appendonly.aof.1.incr.aof')]);
  fs.writeFileSync(path.join(parts, 'appendonly.aof.manifest'), 'file appendonly.aof.1.incr.aof seq 1 type i\n');
  return startServer('redis-8.6', { dir, config: { appendonly: 'yes', save: '""' }, startTimeout: 120_000 });
}
