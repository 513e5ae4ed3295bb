import { openInput } from '../../bytes/input.ts';
import { UnreadableError, UsageError } from '../../errors.ts';
import { borrowLanes, returnLanes } from '../../kernels/lanes.ts';
import { FollowedLog } from './followed-log.ts';
import { LogLines } from './lines.ts';
import type { LogOptions, LogResult } from './options.ts';
import { PartReader } from './part-reader.ts';
import { damageOfMissing, findLog, type LogFiles, type LogPart } from './parts.ts';
import { ReversedLog } from './reversed-log.ts';
import { LogPlace, type LogVisitor } from './visitor.ts';

/** Lines of what is there already that a followed log begins with, as `tail` has it. */
const followedLines = 10;

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * The log at `path`, a file of any layout, the folder of a multi-part AOF or a data folder, as lines that go to `onOutput`. Damaged
 * regions are lines too, and reading goes on behind them. Throws UnreadableError where there is nothing to read, UsageError
 * where several logs lie there.
 */
export async function log(path: string, options: LogOptions): Promise<LogResult> {
  const files = findLog(path);
  if (options.reverse) return logReversed(path, files, options);
  const lines = new LogLines(options);
  if (options.follow !== undefined) return logFollowed(path, files, lines, options, options.follow);
  await new LogReading(files, lines, options, () => flush(lines, options)).run();
  return resultOf(path, files, lines, lines.commands, lines.lines);
}

async function logReversed(path: string, files: LogFiles, options: LogOptions): Promise<LogResult> {
  const reversed = new ReversedLog(files, options, options.pause ?? nextTurn);
  await reversed.run();
  return resultOf(path, files, reversed.lines, reversed.commands, reversed.shown);
}

async function logFollowed(
  path: string,
  files: LogFiles,
  lines: LogLines,
  options: LogOptions,
  wait: () => Promise<boolean>,
): Promise<LogResult> {
  const { pause = nextTurn, onOutput } = options;
  const last = options.limit ?? followedLines;
  if (path === '-') throw new UsageError('standard input cannot be followed');
  const followed = new FollowedLog(files, lines, { last, wait, pause, onOutput });
  const before = { parts: files.parts.slice(0, -1), manifest: files.manifest };
  const place = await new LogReading(before, lines, options, () => followed.flush()).run();
  if (files.parts.length > 0) await followed.run(place ?? new LogPlace(files.parts[0]));
  return resultOf(path, files, lines, lines.commands, lines.lines);
}

function resultOf(path: string, files: LogFiles, seen: LogLines, commands: number, lines: number): LogResult {
  const { damaged, annotated } = seen;
  return { path, ok: damaged === 0, files: files.parts, commands, lines, damaged, annotated };
}

async function flush(lines: LogLines, options: LogOptions): Promise<void> {
  const { out } = lines;
  if (out.length > 0) await options.onOutput(out.view());
  out.reset();
}

/** Reads the parts of a log one after the other, from front to back. */
export class LogReading {
  private readonly files: LogFiles;
  private readonly visitor: LogVisitor;
  private readonly options: Pick<LogOptions, 'fromOffset' | 'onProgress' | 'pause'>;
  private readonly flush: () => Promise<void>;

  constructor(
    files: LogFiles,
    visitor: LogVisitor,
    options: Pick<LogOptions, 'fromOffset' | 'onProgress' | 'pause'>,
    flush: () => Promise<void> = async () => {},
  ) {
    this.files = files;
    this.visitor = visitor;
    this.options = options;
    this.flush = flush;
  }

  /** Gives the place where the last part ended. */
  async run(): Promise<LogPlace | undefined> {
    const { parts } = this.files;
    if (parts.length === 0) return undefined;
    const place = new LogPlace(parts[0]);
    for (const part of parts) {
      if (this.visitor.done) break;
      place.part = part;
      place.database = 0;
      await this.readPart(part, place);
      await this.flush();
    }
    return place;
  }

  private async readPart(part: LogPart, place: LogPlace): Promise<void> {
    const { visitor, options } = this;
    const pause = options.pause ?? nextTurn;
    const opened = this.open(part, place);
    if (opened === undefined) return;
    const { source } = opened;
    const lanes = borrowLanes();
    const { onProgress } = options;
    const reader = new PartReader(source, place, visitor, {
      lanes,
      onProgress: onProgress && ((offset) => onProgress({ file: part.path, offset, size: source.size })),
    });
    try {
      await reader.begin(pause);
      while (!reader.readSome()) {
        if (visitor.full) await this.flush();
        await pause();
      }
    } finally {
      source.close();
      returnLanes(lanes);
    }
  }

  private open(part: LogPart, place: LogPlace) {
    try {
      return openInput(part.path);
    } catch (error) {
      if (!(error instanceof UnreadableError) || part.role === 'file') throw error;
      this.visitor.damage(damageOfMissing(part, error), place, new Uint8Array(0));
      return undefined;
    }
  }
}
