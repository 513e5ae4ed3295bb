import { LogReading } from '../../aof/log/log-reading.ts';
import type { LogMatcher } from '../../aof/log/matcher.ts';
import type { LogResult, LogSettings } from '../../aof/log/options.ts';
import { findLog, type LogFiles } from '../../aof/log/parts.ts';
import { LogPlace } from '../../aof/log/visitor.ts';
import { UsageError } from '../../errors.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import { LogLines } from './lines.ts';

/** Lines of what is there already that a followed log begins with, as `tail` has it. */
const followedLines = 10;

/**
 * The log at `path`, a file of any layout, the folder of a multi-part AOF or a data folder, as lines that go to `onOutput`. Damaged
 * regions are lines too, and reading goes on behind them. Throws UnreadableError where there is nothing to read, UsageError
 * where several logs lie there.
 */
export async function log(path: string, options: LogSettings): Promise<LogResult> {
  const files = findLog(path);
  const matcher = await matcherOf(options);
  if (options.reverse) return logReversed(path, files, options, matcher);
  const lines = new LogLines(options, matcher);
  if (options.follow !== undefined) return logFollowed(path, files, lines, options, options.follow);
  await new LogReading(files, lines, options, () => flush(lines, options), lines.batch?.kernel.window()).run();
  return resultOf(path, files, lines, lines.commands, lines.lines);
}

/** Undefined where there is nothing to filter by: then the catalog of commands need not be loaded. */
async function matcherOf(options: LogSettings): Promise<LogMatcher | undefined> {
  const { keys, commands, databases, since, until, fromOffset, destructive } = options;
  const lists = [keys, commands, databases].some((list) => list?.length);
  if (!lists && !destructive && (since ?? until ?? fromOffset) === undefined) return undefined;
  const { LogMatcher } = await import('../../aof/log/matcher.ts');
  return new LogMatcher(options);
}

async function logReversed(
  path: string,
  files: LogFiles,
  options: LogSettings,
  matcher: LogMatcher | undefined,
): Promise<LogResult> {
  const { ReversedLog } = await import('./reversed-log.ts');
  const reversed = new ReversedLog(files, options, matcher, options.pause ?? yieldToEventLoop);
  await reversed.run();
  return resultOf(path, files, reversed.lines, reversed.commands, reversed.shown);
}

async function logFollowed(
  path: string,
  files: LogFiles,
  lines: LogLines,
  options: LogSettings,
  wait: () => Promise<boolean>,
): Promise<LogResult> {
  const { pause = yieldToEventLoop, onOutput } = options;
  const last = options.limit ?? followedLines;
  if (path === '-') throw new UsageError('standard input cannot be followed');
  const { FollowedLog } = await import('./followed-log.ts');
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

async function flush(lines: LogLines, options: LogSettings): Promise<void> {
  const { out } = lines;
  if (out.length > 0) await options.onOutput(out.view());
  lines.reset();
}
