import { LogReading } from '../aof/log/log-reading.ts';
import type { LogDamage } from '../aof/log/options.ts';
import { findLog } from '../aof/log/parts.ts';
import type { LogPlace, LogVisitor } from '../aof/log/visitor.ts';
import type { Progress } from '../aof/report.ts';
import { UnreadableError } from '../errors.ts';
import { yieldToEventLoop } from '../io/turns.ts';
import type { CommandView } from '../resp/command-view.ts';
import { inBatches } from './batches.ts';

/** A command of a log, its bytes its own. */
export interface LogCommand {
  /** Number of the command, from 1, counted through all parts. */
  readonly ordinal: number;
  readonly file: string;
  /** Where it begins in its file, and its length there, bytes. */
  readonly offset: number;
  readonly length: number;
  /** The database that is selected. */
  readonly database: number;
  /** Seconds since 1970 of the last annotation (`#TS:`) before it; undefined where none came yet. */
  readonly time?: number;
  /** Upper case. */
  readonly name: string;
  /** What follows the name. */
  readonly args: readonly Buffer[];
}

/** A region of a log that is no command. */
export interface CommandsDamage extends LogDamage {
  readonly file: string;
}

export interface ReadCommandsOptions {
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
  /** Called with regions that are no commands, which are passed over. Without it, the first of them ends the reading with an error. */
  readonly onDamage?: (damage: CommandsDamage) => void;
  readonly signal?: AbortSignal;
}

export interface ReadCommandsResult {
  readonly path: string;
  /** No damaged region was met. */
  readonly ok: boolean;
  /** Commands that were told. */
  readonly commands: number;
  readonly damaged: number;
}

/**
 * Calls `visit` with each command of a log, through all of its parts; false ends the reading. What an RDB at its front holds is passed
 * over (`forEachKey` reads it). Throws UnreadableError, UsageError where several logs lie there, and the reason of an aborted signal.
 */
export async function forEachCommand(
  path: string,
  options: ReadCommandsOptions,
  visit: (command: LogCommand) => unknown,
): Promise<ReadCommandsResult> {
  const visitor = new CommandVisitor(visit, options.onDamage);
  await visitLog(path, options, visitor);
  return { path, ok: visitor.damaged === 0, commands: visitor.commands, damaged: visitor.damaged };
}

/**
 * The commands of a log, in batches; whoever breaks off ends the reading. Throws as `forEachCommand`, and CommandsError where a region
 * is no command, unless `onDamage` takes those.
 */
export function readCommands(path: string, options: ReadCommandsOptions = {}): AsyncGenerator<readonly LogCommand[]> {
  return inBatches<LogCommand>(async (batches) => {
    const add = (command: LogCommand) => {
      batches.add(command);
      return !batches.isClosed;
    };
    const visitor = new CommandVisitor(add, options.onDamage, () => batches.isFull);
    await visitLog(path, options, visitor, () => batches.room());
    return visitor.first === undefined || options.onDamage !== undefined
      ? undefined
      : new CommandsError(path, visitor.first);
  });
}

/** A region of a log that is no command. */
export class CommandsError extends UnreadableError {
  readonly damage: CommandsDamage;

  constructor(path: string, damage: CommandsDamage) {
    const { code, offset, file, expected, found } = damage;
    super(path, 'EBADMSG', `${code} at offset ${offset} of ${file}: expected ${expected}, found ${found}`);
    this.damage = damage;
  }
}

async function visitLog(
  path: string,
  options: ReadCommandsOptions,
  visitor: LogVisitor,
  flush?: () => Promise<void>,
): Promise<void> {
  const pause = async () => {
    await (options.pause ?? yieldToEventLoop)();
    options.signal?.throwIfAborted();
  };
  await new LogReading(findLog(path), visitor, { onProgress: options.onProgress, pause }, flush).run();
}

class CommandVisitor implements LogVisitor {
  done = false;
  commands = 0;
  damaged = 0;
  first: CommandsDamage | undefined;
  private readonly visit: (command: LogCommand) => unknown;
  private readonly onDamage: ReadCommandsOptions['onDamage'];
  private readonly isFull: () => boolean;

  constructor(
    visit: (command: LogCommand) => unknown,
    onDamage: ReadCommandsOptions['onDamage'],
    isFull: () => boolean = () => false,
  ) {
    this.visit = visit;
    this.onDamage = onDamage;
    this.isFull = isFull;
  }

  get full(): boolean {
    return this.isFull();
  }

  command(frame: CommandView, place: LogPlace): void {
    if (this.done) return;
    this.commands++;
    const args: Buffer[] = [];
    for (let index = 1; index < frame.argc; index++) {
      const start = frame.starts[index];
      args.push(Buffer.from(frame.bytes.subarray(start, start + frame.lengths[index])));
    }
    const isDone = this.visit({
      ordinal: place.ordinal,
      file: place.part.path,
      offset: place.offset,
      length: place.length,
      database: place.database,
      ...(!Number.isNaN(place.time) && { time: place.time }),
      name: frame.text(0).toUpperCase(),
      args,
    });
    if (isDone === false) this.done = true;
  }

  annotation(): void {}

  rdb(): void {}

  damage(damage: LogDamage, place: LogPlace): void {
    this.damaged++;
    const told = { ...damage, file: place.part.path };
    this.first ??= told;
    if (this.onDamage === undefined) this.done = true;
    else this.onDamage(told);
  }
}
