import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputFormat } from '../../src/index.ts';
import { type Server, type ServerName, startServer } from '../support/server-process.ts';

/** Puts a dataset into the data folder of a server that is to load it when it starts; returns the configuration for that. */
export function placeFiles(
  name: ServerName,
  dir: string,
  path: string,
  format: OutputFormat,
): { readonly appendonly: string } {
  const folder = join(dir, 'appendonlydir');
  for (const old of [folder, join(dir, 'appendonly.aof'), join(dir, 'dump.rdb')])
    rmSync(old, { recursive: true, force: true });
  if (format === 'rdb') {
    cpSync(path, join(dir, 'dump.rdb'));
    return { appendonly: 'no' };
  }
  if (format === 'multipart') cpSync(path, folder, { recursive: true });
  else if (name === 'redis-6.0') cpSync(path, join(dir, 'appendonly.aof'));
  else {
    mkdirSync(folder);
    cpSync(path, join(folder, 'appendonly.aof.1.base.aof'));
    writeFileSync(join(folder, 'appendonly.aof.manifest'), 'file appendonly.aof.1.base.aof seq 1 type b\n');
  }
  return { appendonly: 'yes' };
}

/**
 * A server that loads one dataset after another with the loader that it starts with (DEBUG LOADAOF, DEBUG RELOAD NOSAVE), so
 * that hundreds of files take seconds. It removes nothing by itself that is past its time. A file that it refuses ends it.
 */
export class LoadingServer {
  readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(name: ServerName): Promise<LoadingServer> {
    const server = await startServer(name);
    await server.command('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    return new LoadingServer(server);
  }

  /** Loads what lies at `path`, in place of what the server holds. Throws with the log's end where it refuses. */
  async load(path: string, format: OutputFormat): Promise<void> {
    const { server } = this;
    placeFiles(server.name, server.dir, path, format);
    await server.command('SCRIPT', 'FLUSH');
    if (server.name !== 'redis-6.0') await server.command('FUNCTION', 'FLUSH');
    const command = format === 'rdb' ? ['RELOAD', 'NOSAVE'] : ['LOADAOF'];
    await server.command('DEBUG', ...command).catch((error: Error) => {
      throw new Error(`${path} as ${format}: ${error.message}\n${server.log().slice(-1000)}`);
    });
  }

  /** DEBUG DIGEST after loading. */
  async digestOf(path: string, format: OutputFormat): Promise<string> {
    await this.load(path, format);
    return this.server.digest();
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
