import nodePath from 'node:path';
import { UsageError } from '../../errors.ts';
import { isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { type CommandGate, Verdict } from '../command-gate.ts';
import { CommandPattern } from './command-pattern.ts';
import { type CommandRange, type CutPlace, endsOf, type PointInTime } from './point-in-time.ts';

/** Follows a log through its files: which command this is, what time it is, where the transaction began. */
class LogPosition {
  path = '';
  /** Commands so far, this one included: in its file, and in all. */
  ordinal = 0;
  total = 0;
  timestamp: number | undefined;
  firstTimestamp: number | undefined;
  /** Offset of the last MULTI. */
  multiOffset = 0;

  begin(path: string): void {
    this.path = path;
    this.ordinal = 0;
  }

  time(seconds: number): void {
    this.timestamp = seconds;
    this.firstTimestamp ??= seconds;
  }

  step(frame: CommandView, offset: number, inTransaction: boolean): void {
    this.ordinal++;
    this.total++;
    if (!inTransaction && isWord(frame, 0, 'MULTI')) this.multiOffset = offset;
  }

  cut(offset: number, frame: CommandView | undefined, inTransaction: boolean): CutPlace {
    return {
      path: this.path,
      offset,
      ordinal: frame === undefined ? 0 : this.ordinal,
      command: frame === undefined ? '' : frame.text(0).toUpperCase(),
      transaction: inTransaction ? this.multiOffset : undefined,
      timestamp: this.timestamp,
    };
  }
}

/** Lets every command pass, and remembers the last one that matches a pattern, and the times that the log tells. */
export class LastMatch implements CommandGate {
  found: CutPlace | undefined;
  readonly position = new LogPosition();
  private readonly pattern: CommandPattern | undefined;
  private readonly executes: boolean;

  /** `executes` false: nothing but SELECT, MULTI and EXEC is executed. */
  constructor(pattern: string | undefined, executes: boolean) {
    this.pattern = pattern === undefined ? undefined : new CommandPattern(pattern);
    this.executes = executes;
  }

  begin(path: string): boolean {
    this.position.begin(path);
    return true;
  }

  rdb(): void {}

  annotation(seconds: number): boolean {
    this.position.time(seconds);
    return true;
  }

  command(frame: CommandView, offset: number, _end: number, inTransaction: boolean): Verdict {
    this.position.step(frame, offset, inTransaction);
    if (this.pattern?.matches(frame) === true) this.found = this.position.cut(offset, frame, inTransaction);
    return this.executes || isFraming(frame) ? Verdict.run : Verdict.skip;
  }
}

/** Executes what a point in time lets count. `beforeLast` must have been settled before. */
export class PointGate implements CommandGate {
  /** Where the log was ended; undefined: it counts up to its end. */
  cut: CutPlace | undefined;
  /** Commands that `without` took out. */
  skipped = 0;
  /** Commands that count, those of a dropped transaction not. */
  passed = 0;
  private readonly position = new LogPosition();
  readonly point: PointInTime;
  /** Whether an annotation told a time. */
  hasTimes = false;
  /** The first annotation that is later than the end, seconds since 1970. */
  laterTimestamp: number | undefined;
  private readonly before: CommandPattern | undefined;
  private readonly patterns: readonly CommandPattern[];
  private readonly ranges: readonly CommandRange[];
  /** Files that an end or a range names, and that have not come yet. */
  private readonly unseen = new Set<string>();
  /** The file that the end lies in has begun. */
  private pastFile = false;
  private inQueue = 0;

  constructor(point: PointInTime) {
    const given = endsOf(point);
    if (given.length > 1) throw new UsageError(`one end of the log is enough: ${given.join(' and ')} were given`);
    this.point = point;
    this.before = point.before === undefined ? undefined : new CommandPattern(point.before);
    const without = point.without ?? [];
    this.patterns = without.filter((one) => typeof one === 'string').map((one) => new CommandPattern(one));
    this.ranges = without.filter((one) => typeof one !== 'string');
    for (const { file } of [point.toOffset, point.toCommand, ...this.ranges].filter((one) => one !== undefined)) {
      if (file !== undefined) this.unseen.add(file);
    }
  }

  begin(path: string): boolean {
    const { point, position } = this;
    const end = point.toOffset?.file ?? point.toCommand?.file;
    if (this.pastFile) {
      this.cut = { path, offset: 0, ordinal: 0, command: '', timestamp: position.timestamp };
      return false;
    }
    position.begin(path);
    this.inQueue = 0;
    for (const name of this.unseen) if (isNamed(path, name)) this.unseen.delete(name);
    if (end !== undefined && isNamed(path, end)) this.pastFile = true;
    return true;
  }

  rdb(length: number): void {
    const { toOffset } = this.point;
    if (toOffset !== undefined && this.pastFile && toOffset.offset < length)
      throw new UsageError(`${this.position.path} is an RDB up to offset ${length}: a log can only be ended behind it`);
  }

  annotation(seconds: number, offset: number, inTransaction: boolean): boolean {
    const { toTimestamp } = this.point;
    this.hasTimes = true;
    if (toTimestamp !== undefined && seconds > toTimestamp) {
      this.cut = this.position.cut(offset, undefined, inTransaction);
      this.laterTimestamp = seconds;
      this.dropQueue();
      return false;
    }
    this.position.time(seconds);
    return true;
  }

  command(frame: CommandView, offset: number, end: number, inTransaction: boolean): Verdict {
    const { position } = this;
    position.step(frame, offset, inTransaction);
    if (!inTransaction) this.inQueue = 0;
    if (this.endsAt(frame, end)) {
      this.cut = position.cut(offset, frame, inTransaction);
      this.dropQueue();
      return Verdict.stop;
    }
    if (!isFraming(frame) && this.isLeftOut(frame)) {
      this.skipped++;
      return Verdict.skip;
    }
    this.passed++;
    this.inQueue++;
    if (!this.isLast(end)) return Verdict.run;
    const isOpen = isWord(frame, 0, 'MULTI') || (inTransaction && !isWord(frame, 0, 'EXEC'));
    this.cut = position.cut(end, undefined, isOpen);
    this.dropQueue();
    return Verdict.last;
  }

  /** Whether the log ends behind this command, whatever follows: it may be damage. */
  private isLast(end: number): boolean {
    const { toOffset, toCommand } = this.point;
    if (toOffset !== undefined) return this.pastFile && end === toOffset.offset;
    if (toCommand === undefined) return false;
    const { total, ordinal } = this.position;
    return toCommand.file === undefined ? total === toCommand.number : this.pastFile && ordinal === toCommand.number;
  }

  /** The last annotation that counts, seconds since 1970. */
  get lastTimestamp(): number | undefined {
    return this.position.timestamp;
  }

  /** A file that was named and is none of the log's; undefined where there is none. */
  get unknownFile(): string | undefined {
    for (const name of this.unseen) return name;
    return undefined;
  }

  /** What a transaction that is cut short had let pass does not count. */
  private dropQueue(): void {
    if (this.cut?.transaction !== undefined) this.passed -= this.inQueue;
  }

  private endsAt(frame: CommandView, end: number): boolean {
    const { toOffset, toCommand } = this.point;
    if (toOffset !== undefined) return this.pastFile && end > toOffset.offset;
    if (toCommand !== undefined) {
      if (toCommand.file === undefined) return this.position.total > toCommand.number;
      return this.pastFile && this.position.ordinal > toCommand.number;
    }
    return this.before?.matches(frame) === true;
  }

  private isLeftOut(frame: CommandView): boolean {
    const { ordinal, total, path } = this.position;
    for (const { file, from, to } of this.ranges) {
      const number = file === undefined ? total : ordinal;
      if (number >= from && number <= to && (file === undefined || isNamed(path, file))) return true;
    }
    return this.patterns.some((pattern) => pattern.matches(frame));
  }
}

const isFraming = (frame: CommandView): boolean =>
  isWord(frame, 0, 'SELECT') || isWord(frame, 0, 'MULTI') || isWord(frame, 0, 'EXEC');

/** Whether a name given by a person is that of this file: its whole path, or the last part of it. */
const isNamed = (path: string, name: string): boolean =>
  nodePath.basename(path) === name || nodePath.resolve(path) === nodePath.resolve(name);
