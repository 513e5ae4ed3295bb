import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Argument, encodeCommand, type Reply, ReplyError, ReplyReader } from './reply.ts';

/** The generations that are compared with, oldest first. */
export const serverNames = ['redis-6.0', 'redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'] as const;
export type ServerName = (typeof serverNames)[number];

/** Where one generation's own commands are. */
export interface ServerBinaries {
  readonly name: ServerName;
  readonly kind: 'redis' | 'valkey';
  /** The folder of the executables. */
  readonly bin: string;
  readonly server: string;
  readonly cli: string;
  readonly checkAof: string;
  readonly checkRdb: string;
  /** As the server reports it, such as `8.6.3`. */
  readonly version: string;
}

/** `dir`: the data folder (default: a new temporary one). `config`: lines of the configuration file, values as written there. */
export interface StartOptions {
  readonly dir?: string;
  readonly config?: Readonly<Record<string, string | readonly string[]>>;
  /** How long loading may take, milliseconds. */
  readonly startTimeout?: number;
}

export type StartResult =
  | { readonly started: true; readonly server: Server }
  | { readonly started: false; readonly code: number | null; readonly signal: string | null; readonly log: string };

const binaries = new Map<ServerName, ServerBinaries | undefined>();
const running = new Set<Server>();
const folders = new Set<string>();

/** The folder that holds NAME/bin for each generation. */
export function serversDir(): string {
  return process.env.AOFKIT_SERVERS || join(homedir(), '.cache', 'persistence-servers');
}

/** One generation's executables, or undefined where it is not installed or does not run. */
export function findServer(name: ServerName): ServerBinaries | undefined {
  if (!binaries.has(name)) binaries.set(name, lookForServer(name));
  return binaries.get(name);
}

/** What to tell somebody who lacks a generation. */
export function serverAdvice(name: ServerName): string {
  const server = `${name}/bin/${name.startsWith('valkey') ? 'valkey' : 'redis'}-server`;
  return `no ${name} in ${serversDir()}: set AOFKIT_SERVERS to a folder with ${server} (docs/testing.md)`;
}

/** A new temporary folder, removed when the process ends. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'aofkit-test-'));
  folders.add(dir);
  return dir;
}

/** Starts a server and waits until it has loaded its data; throws with its exit code and log when it does not come up. */
export async function startServer(name: ServerName, options: StartOptions = {}): Promise<Server> {
  const result = await tryStart(name, options);
  if (result.started) return result.server;
  throw new Error(`${name} did not start (exit ${result.code ?? result.signal}):\n${result.log}`);
}

/** Asks the real question "would it start?". Throws only where the generation is not installed. */
export async function tryStart(name: ServerName, options: StartOptions = {}): Promise<StartResult> {
  const found = findServer(name);
  if (!found) throw new Error(serverAdvice(name));
  const server = new Server(found, options);
  running.add(server);
  if (await server.ready(options.startTimeout ?? 60_000)) return { started: true, server };
  running.delete(server);
  return { started: false, code: server.exitCode, signal: server.exitSignal, log: server.log() };
}

/** Kills what still runs and removes the temporary folders. */
export function cleanUp(): void {
  for (const server of running) server.killNow();
  running.clear();
  for (const dir of folders) {
    folders.delete(dir);
    // A server that was just killed may still make a file there.
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

process.on('exit', cleanUp);
// Killed by a signal, a process runs no exit handler of its own accord.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

/** One running server on a Unix socket: no TCP port, no saving unless the configuration asks for it. */
export class Server {
  readonly binaries: ServerBinaries;
  readonly name: ServerName;
  readonly version: string;
  /** The data folder. It outlives stop(), so that a test may read what the server wrote. */
  readonly dir: string;
  readonly socketPath: string;
  exitCode: number | null = null;
  exitSignal: string | null = null;
  private readonly logPath: string;
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private hasExited = false;
  private output = '';
  private socket: Socket | undefined;
  private waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];

  constructor(found: ServerBinaries, options: StartOptions) {
    const scratch = temporaryDir();
    this.binaries = found;
    this.name = found.name;
    this.version = found.version;
    this.dir = options.dir ?? join(scratch, 'data');
    this.socketPath = join(scratch, 'socket');
    this.logPath = join(scratch, 'log');
    mkdirSync(this.dir, { recursive: true });
    const configPath = join(scratch, 'server.conf');
    writeFileSync(configPath, this.configuration(options.config ?? {}));
    this.child = spawn(found.server, [configPath], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (text) => (this.output += text));
    this.child.stderr?.on('data', (text) => (this.output += text));
    this.exited = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.exitCode = code;
        this.exitSignal = signal;
        this.hasExited = true;
        running.delete(this);
        resolve();
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Sends one command; an error reply is thrown as a ReplyError. */
  async command(...args: Argument[]): Promise<Reply> {
    const [reply] = await this.pipeline([args]);
    if (reply instanceof ReplyError) throw reply;
    return reply;
  }

  /** Sends one command; an error reply is returned as a ReplyError. */
  async attempt(...args: Argument[]): Promise<Reply> {
    return (await this.pipeline([args]))[0];
  }

  /** Sends many commands at once; error replies are among the replies, as ReplyErrors. */
  async pipeline(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    const socket = this.socket;
    if (!socket) throw new Error(`${this.name} is not running`);
    const replies = commands.map(() => new Promise<Reply>((resolve, reject) => this.waiting.push({ resolve, reject })));
    for (let start = 0; start < commands.length; start += 1000) {
      socket.write(Buffer.concat(commands.slice(start, start + 1000).map(encodeCommand)));
    }
    return Promise.all(replies);
  }

  /** What the server logged, and what it printed before it had a log. */
  log(): string {
    return (existsSync(this.logPath) ? readFileSync(this.logPath, 'latin1') : '') + this.output;
  }

  /** DEBUG DIGEST: 40 hex digits. */
  async digest(): Promise<string> {
    return String(await this.command('DEBUG', 'DIGEST'));
  }

  /** DEBUG DIGEST-VALUE of each key, in the database that the connection has selected: 40 hex digits each. */
  async digestValues(keys: readonly Argument[]): Promise<string[]> {
    const replies = await this.pipeline(keys.map((key) => ['DEBUG', 'DIGEST-VALUE', key]));
    return replies.map((reply) => (Array.isArray(reply) ? String(reply[0]) : String(reply)));
  }

  /** Ends the server in an orderly way: the AOF is flushed, an RDB is written only with `save`. */
  async stop(options: { save?: boolean } = {}): Promise<void> {
    if (!this.hasExited) {
      this.command('SHUTDOWN', options.save ? 'SAVE' : 'NOSAVE').catch(() => {});
      await Promise.race([this.exited, sleep(20_000, undefined, { ref: false })]);
    }
    await this.kill();
  }

  /** Ends the server at once, as a crash would. */
  async kill(): Promise<void> {
    this.killNow();
    await this.exited;
  }

  killNow(): void {
    this.socket?.destroy();
    this.socket = undefined;
    if (!this.hasExited) this.child.kill('SIGKILL');
  }

  /** True once it answers, false when it has exited instead. A server that hangs is killed, and an error thrown. */
  async ready(timeout: number): Promise<boolean> {
    let late = false;
    // The report of a crash can hang in its memory test: the server is dead all the same.
    const watch = setInterval(() => {
      if (/ BUG REPORT START/.test(this.log())) this.killNow();
    }, 500);
    const timer = setTimeout(() => {
      late = true;
      this.killNow();
    }, timeout);
    while (!this.hasExited && !late) {
      if (await this.connect()) {
        const pong = await this.attempt('PING').catch((error: Error) => error);
        if (pong === 'PONG') break;
      }
      await sleep(5);
    }
    clearTimeout(timer);
    clearInterval(watch);
    if (!this.hasExited && !late) return true;
    await this.exited;
    if (late) throw new Error(`${this.name} did not finish loading within ${timeout} ms:\n${this.log()}`);
    return false;
  }

  private connect(): Promise<boolean> {
    if (this.socket) return Promise.resolve(true);
    return new Promise((resolve) => {
      const socket = createConnection(this.socketPath);
      const reader = new ReplyReader();
      socket.on('connect', () => {
        this.socket = socket;
        resolve(true);
      });
      socket.on('data', (chunk) => {
        reader.push(chunk);
        for (let reply = reader.next(); reply !== undefined; reply = reader.next())
          this.waiting.shift()?.resolve(reply);
      });
      socket.on('error', () => resolve(false));
      socket.on('close', () => this.disconnected(socket));
    });
  }

  private disconnected(socket: Socket): void {
    if (this.socket === socket) this.socket = undefined;
    const waiting = this.waiting;
    this.waiting = [];
    for (const { reject } of waiting) reject(new Error(`${this.name} closed the connection`));
  }

  private configuration(config: Readonly<Record<string, string | readonly string[]>>): string {
    const all: Record<string, string | readonly string[]> = {
      port: '0',
      unixsocket: JSON.stringify(this.socketPath),
      dir: JSON.stringify(this.dir),
      logfile: JSON.stringify(this.logPath),
      save: '""',
      ...(this.name === 'redis-6.0' ? {} : { 'enable-debug-command': 'yes' }),
      ...config,
    };
    const lines = Object.entries(all).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => `${name} ${one === '' ? '""' : one}\n`),
    );
    return lines.join('');
  }
}

function lookForServer(name: ServerName): ServerBinaries | undefined {
  const kind = name.startsWith('valkey') ? 'valkey' : 'redis';
  const bin = join(serversDir(), name, 'bin');
  const path = (tool: string) => join(bin, `${kind}-${tool}`);
  if (!existsSync(path('server'))) return undefined;
  try {
    const version = /v=([0-9.]+)/.exec(execFileSync(path('server'), ['--version'], { encoding: 'utf8' }))?.[1];
    if (!version) return undefined;
    const paths = {
      server: path('server'),
      cli: path('cli'),
      checkAof: path('check-aof'),
      checkRdb: path('check-rdb'),
    };
    return { name, kind, bin, version, ...paths };
  } catch {
    return undefined;
  }
}
