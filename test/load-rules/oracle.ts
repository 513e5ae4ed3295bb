import fs from 'node:fs';
import path from 'node:path';
import type { FlawedInput } from '../../fixtures/generate/flaws/inputs.ts';
import { type Server, type ServerName, startServer, temporaryDir, tryStart } from '../support/server-process.ts';

export type Sanitize = 'no' | 'yes';

/** Writes an input where the server looks for it, and gives the lines of configuration that go with it. */
export function place(name: ServerName, { kind, bytes }: FlawedInput, dir: string, sanitize: Sanitize): string[][] {
  const setting = name === 'redis-6.0' ? [] : [['sanitize-dump-payload', sanitize]];
  if (kind === 'rdb') {
    fs.writeFileSync(path.join(dir, 'dump.rdb'), bytes);
    return [['appendonly', 'no'], ...setting];
  }
  if (name === 'redis-6.0') fs.writeFileSync(path.join(dir, 'appendonly.aof'), bytes);
  else {
    const parts = path.join(dir, 'appendonlydir');
    fs.mkdirSync(parts, { recursive: true });
    fs.writeFileSync(path.join(parts, 'appendonly.aof.1.incr.aof'), bytes);
    fs.writeFileSync(path.join(parts, 'appendonly.aof.manifest'), 'file appendonly.aof.1.incr.aof seq 1 type i\n');
  }
  return [['appendonly', 'yes'], ...setting];
}

/**
 * Asks one server whether it loads an input. An RDB is loaded by DEBUG RELOAD, so that most need no start: what a start says is the
 * same (servers.test.ts compares), unless the server dies of it: then a start decides, for it may die of what it loaded before.
 */
export class LoadOracle {
  readonly name: ServerName;
  private readonly sanitize: Sanitize;
  private server: Server | undefined;

  constructor(name: ServerName, sanitize: Sanitize) {
    this.name = name;
    this.sanitize = sanitize;
  }

  async loads(input: FlawedInput): Promise<boolean> {
    if (input.kind === 'aof') return this.starts(input);
    this.server ??= await startServer(this.name, {
      config: this.name === 'redis-6.0' ? {} : { 'sanitize-dump-payload': this.sanitize },
    });
    fs.writeFileSync(path.join(this.server.dir, 'dump.rdb'), input.bytes);
    try {
      return (await this.server.attempt('DEBUG', 'RELOAD', 'NOSAVE')) === 'OK';
    } catch {
      await this.close();
      return this.starts(input);
    }
  }

  /** The same by a start of its own. */
  async starts(input: FlawedInput): Promise<boolean> {
    const dir = temporaryDir();
    const config = Object.fromEntries(place(this.name, input, dir, this.sanitize));
    const result = await tryStart(this.name, { dir, config });
    if (result.started) await result.server.kill();
    fs.rmSync(dir, { recursive: true, force: true });
    return result.started;
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    await server?.kill();
  }
}
