import { findKeys, findWrittenKeys, KeyPositions, plainKeys } from '../../aof/log/command-keys.ts';
import { LogReading } from '../../aof/log/log-reading.ts';
import { LogMatcher, subcommand } from '../../aof/log/matcher.ts';
import type { LogDamage, LogOptions, LogRdb } from '../../aof/log/options.ts';
import { findLog } from '../../aof/log/parts.ts';
import type { LogPlace, LogVisitor } from '../../aof/log/visitor.ts';
import type { LogPart } from '../../aof/parts.ts';
import fs from '../../io/file-system.ts';
import { escapeBinary } from '../../io/text.ts';
import type { Window } from '../../io/window.ts';
import { openStatisticsKernel } from '../../kernels/statistics-kernel.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { type CommandInfo, findCommand } from '../../servers/command-catalog.ts';
import { type Frequent, FrequentKeys, type TextCounter } from './frequent-keys.ts';
import { GrowthCurve, type GrowthSpan } from './growth-curve.ts';
import { eachReplayed } from './replayed.ts';
import { type RewriteEstimate, RewriteSample } from './rewrite-estimate.ts';
import { StatisticsBatch } from './statistics-batch.ts';

export interface LogStatisticsOptions
  extends Omit<LogOptions, 'format' | 'full' | 'reverse' | 'limit' | 'follow' | 'onOutput'> {
  /** Keys and prefixes to tell. Default 10. */
  readonly most?: number;
}

/** What tests set too. */
export interface LogStatisticsSettings extends LogStatisticsOptions {
  /** Whether kernels may count ordinary commands; the same figures without them. Default true. */
  readonly kernels?: boolean;
}

export interface CommandCount {
  /** Upper case, a subcommand as `XGROUP CREATE`; escaped where no server knows it. */
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

export interface LogStatistics {
  readonly path: string;
  /** No damaged region was met. */
  readonly ok: boolean;
  readonly files: readonly (LogPart & { readonly bytes: number })[];
  /** Commands that passed the filters, and their bytes. */
  readonly commands: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly damagedBytes: number;
  readonly rdbKeys: number;
  /** Seconds since 1970; undefined without annotations. */
  readonly firstTime?: number;
  readonly lastTime?: number;
  readonly byCommand: readonly CommandCount[];
  /** Most written keys; how far a count may be off is in `error`. */
  readonly keys: readonly Frequent[];
  /** Most written beginnings of keys: up to the first and up to the second `:` or `/`. */
  readonly prefixes: readonly Frequent[];
  /** Empty without annotations. */
  readonly growth: readonly GrowthSpan[];
  /** Undefined where filters were given: then it would mean nothing. */
  readonly rewrite?: RewriteEstimate;
}

/** Counters for keys and for prefixes: their memory is bounded by it, whatever the log's size. */
const countersMax = 16384;
/** Different names of unknown commands that are told apart. */
const unknownMax = 1000;
const keyLengthMax = 1024;
const colon = 0x3a;
const slash = 0x2f;

/** Counts what the log at `path` holds, within a bounded memory. Throws as `log` does. */
export async function logStatistics(path: string, options: LogStatisticsSettings): Promise<LogStatistics> {
  const files = findLog(path);
  const size = files.parts.reduce((sum, part) => sum + sizeOf(part.path), 0);
  const counter = new Counter(options, size);
  const reading = new LogReading(files, counter, options, async () => {}, counter.batch?.kernel.window);
  await reading.run();
  const sized = files.parts.map((part) => ({ ...part, bytes: reading.lengths.get(part) ?? 0 }));
  return { path, files: sized, ...counter.result(options.most ?? 10) };
}

/** Bytes on the disk; nobody knows what a pipe will bring. */
function sizeOf(path: string): number {
  return path === '-' ? 0 : (fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}

class Counter implements LogVisitor {
  readonly full = false;
  readonly done = false;
  private readonly matcher: LogMatcher;
  private readonly byInfo = new Map<CommandInfo, { count: number; bytes: number }>();
  private readonly byUnknown = new Map<string, { count: number; bytes: number }>();
  private readonly keys: TextCounter;
  private readonly prefixes: TextCounter;
  readonly batch: StatisticsBatch | undefined;
  private readonly curve = new GrowthCurve();
  private readonly found = new KeyPositions();
  private readonly sample: RewriteSample | undefined;
  private part: LogPart | undefined;
  private commands = 0;
  private bytes = 0;
  private damaged = 0;
  private damagedBytes = 0;
  private rdbKeys = 0;
  private firstTime = Number.NaN;
  private lastTime = Number.NaN;

  constructor(options: LogStatisticsSettings, bytes: number) {
    this.matcher = new LogMatcher(options);
    if (!this.matcher.filters) this.sample = new RewriteSample(bytes);
    const kernel = options.kernels === false ? undefined : openStatisticsKernel(countersMax * 2);
    this.batch = kernel && new StatisticsBatch(kernel);
    this.keys = this.batch?.keys ?? new FrequentKeys(countersMax);
    this.prefixes = this.batch?.prefixes ?? new FrequentKeys(countersMax);
  }

  pass(window: Window, place: LogPlace, stop: number): number {
    const { batch, matcher } = this;
    if (batch === undefined || matcher.onlyCommands) return 0;
    place.offset = window.offset;
    if (place.offset < matcher.firstOffset(place) || !matcher.place(place)) return 0;
    this.enter(place.part);
    const count = batch.pass(window, place, stop, this.sample);
    this.add(count, window.offset - place.offset, place.time);
    return count;
  }

  private enter(part: LogPart): void {
    if (part === this.part) return;
    this.part = part;
    this.sample?.beginPart();
  }

  private add(commands: number, bytes: number, time: number): void {
    if (commands === 0) return;
    this.commands += commands;
    this.bytes += bytes;
    this.curve.add(time, bytes, commands);
    this.sample?.grow(this.bytes);
  }

  command(frame: CommandView, place: LogPlace): void {
    // What it carries counts in its stead; nothing of it is known where it carries none.
    let carried = 0;
    eachReplayed(frame, place, (nested, within) => {
      carried++;
      this.count(nested, within);
    });
    if (carried === 0) this.count(frame, place);
  }

  private count(frame: CommandView, place: LogPlace): void {
    if (!this.matcher.command(frame, place)) return;
    this.enter(place.part);
    const { length } = place;
    this.add(1, length, place.time);
    const container = findCommand(frame.bytes, frame.starts[0], frame.lengths[0]);
    const info = container?.container ? subcommand(container, frame) : container;
    const count = info === undefined ? this.unknown(frame) : this.known(info);
    count.count++;
    count.bytes += length;
    if (info === undefined) return;
    findKeys(info, frame, this.found);
    this.sample?.command(frame, this.found, length);
    if (!info.write) return;
    findWrittenKeys(info, frame, this.found);
    for (let index = 0; index < this.found.count; index++) this.countKey(frame, this.found.positions[index], length);
  }

  /** Takes over what the lane has counted. */
  private gather(): void {
    for (const [info, commands, bytes] of this.batch?.counted() ?? []) {
      const count = this.known(info);
      count.count += commands;
      count.bytes += bytes;
    }
  }

  private keyedBytes(): number {
    let sum = 0;
    for (const [info, { bytes }] of this.byInfo) if (plainKeys(info)?.first !== 0) sum += bytes;
    return sum;
  }

  private known(info: CommandInfo): { count: number; bytes: number } {
    let count = this.byInfo.get(info);
    if (count === undefined) this.byInfo.set(info, (count = { count: 0, bytes: 0 }));
    return count;
  }

  private unknown(frame: CommandView): { count: number; bytes: number } {
    const { byUnknown } = this;
    const name = byUnknown.size < unknownMax ? escapeBinary(frame.text(0).slice(0, 64)).toUpperCase() : '(others)';
    let count = byUnknown.get(name);
    if (count === undefined) byUnknown.set(name, (count = { count: 0, bytes: 0 }));
    return count;
  }

  private countKey(frame: CommandView, position: number, bytes: number): void {
    const start = frame.starts[position];
    const length = frame.lengths[position];
    // Longer keys are told apart by what they begin with.
    const counted = Math.min(length, keyLengthMax);
    this.keys.add(frame.bytes, start, counted, bytes);
    let depth = 0;
    for (let index = 0; index < counted && depth < 2; index++) {
      const byte = frame.bytes[start + index];
      if (byte !== colon && byte !== slash) continue;
      this.prefixes.add(frame.bytes, start, index + 1, bytes);
      depth++;
    }
  }

  annotation(_bytes: Buffer, _position: number, length: number, place: LogPlace): void {
    if (Number.isNaN(this.firstTime)) this.firstTime = place.time;
    if (!Number.isNaN(place.time)) this.lastTime = place.time;
    if (!this.matcher.filters) this.bytes += length;
  }

  rdb(rdb: LogRdb): void {
    this.rdbKeys += rdb.keys;
  }

  damage(damage: LogDamage): void {
    this.damaged++;
    this.damagedBytes += damage.length;
  }

  result(most: number) {
    this.gather();
    const { commands, bytes, damaged, damagedBytes, rdbKeys, firstTime, lastTime } = this;
    const known = [...this.byInfo].map(([{ name }, count]) => ({ name, ...count }));
    const unknown = [...this.byUnknown].map(([name, count]) => ({ name, ...count }));
    return {
      ok: damaged === 0,
      ...{ commands, bytes, damaged, damagedBytes, rdbKeys },
      firstTime: Number.isNaN(firstTime) ? undefined : firstTime,
      lastTime: Number.isNaN(lastTime) ? undefined : lastTime,
      byCommand: [...known, ...unknown].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1)),
      keys: this.keys.top(most),
      prefixes: this.prefixes.top(most),
      growth: this.curve.result(),
      rewrite: this.sample?.measure(bytes, this.keyedBytes()),
    };
  }
}
