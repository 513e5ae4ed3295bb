/*
 * A data folder with settings, to ask of real servers and of `boot` what a start would make of it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeCommand } from '../support/reply.ts';
import { type ServerName, tryStart } from '../support/server-process.ts';

export interface Folder {
  readonly name: string;
  readonly files: Readonly<Record<string, Buffer | string>>;
  readonly config?: Readonly<Record<string, string | readonly string[]>>;
  /** A file may not be there to be made from: these servers only. */
  readonly servers?: readonly ServerName[];
}

/** What a server did with a folder. */
export interface Observation {
  readonly starts: boolean;
  /** Keys by database. */
  readonly keys: Readonly<Record<string, number>>;
  /** Size and sha256 of every file, relative to the folder. */
  readonly before: Files;
  readonly after: Files;
  /** Lines of the log, without process and time. */
  readonly log: readonly string[];
}

export type Files = Readonly<Record<string, { readonly size: number; readonly sha: string }>>;

/** Commands, each a text with its arguments between blanks, as an AOF holds them. */
export function aof(...commands: readonly string[]): Buffer {
  return Buffer.concat(commands.map((command) => encodeCommand(command.split(' '))));
}

export function writeFolder(folder: Folder, dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const [name, bytes] of Object.entries(folder.files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(join(dir, name), bytes);
    else mkdirSync(join(dir, name), { recursive: true });
  }
}

export function filesOf(dir: string): Files {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  const found = names.filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(
    found.map((name) => {
      const bytes = readFileSync(join(dir, name));
      return [name, { size: bytes.length, sha: createHash('sha256').update(bytes).digest('hex') }];
    }),
  );
}

/** Starts a server of that generation in `dir`, which holds the folder already. */
export async function observe(name: ServerName, dir: string, config: Folder['config'] = {}): Promise<Observation> {
  const before = filesOf(dir);
  const result = await tryStart(name, { dir, config: { appendonly: 'yes', ...config }, startTimeout: 10_000 });
  if (!result.started) return { starts: false, keys: {}, before, after: filesOf(dir), log: logLines(result.log) };
  const { server } = result;
  const info = String(await server.command('INFO', 'keyspace'));
  const keys = Object.fromEntries(
    [...info.matchAll(/^db(\d+):keys=(\d+)/gm)].map(([, db, count]) => [db, Number(count)]),
  );
  // History goes in the background.
  await new Promise((resolve) => setTimeout(resolve, 30));
  const log = logLines(server.log());
  await server.kill();
  return { starts: true, keys, before, after: filesOf(dir), log };
}

function logLines(log: string): string[] {
  return log.split('\n').map((line) => line.replace(/^\d+:\w \d+ \w+ \d+ \S+ [#*.-] /, ''));
}
