import { plainKeys } from '../../aof/log/command-keys.ts';
import { frameOrdinary } from '../../aof/log/ordinary-frame.ts';
import type { LogPlace } from '../../aof/log/visitor.ts';
import type { Window } from '../../io/window.ts';
import { addToTable, fitsTable } from '../../kernels/command-table.ts';
import type { StatisticsKernel } from '../../kernels/statistics-kernel.ts';
import { CommandView } from '../../resp/command-view.ts';
import { type CommandInfo, commands } from '../../servers/command-catalog.ts';
import { type Frequent, mostFrequent, type TextCounter } from './frequent-keys.ts';
import type { RewriteSample } from './rewrite-estimate.ts';

/** Bits of a slot (kernels/assembly/statistics.ts). */
const flagWrites = 1;
const flagFirst = 2;
const ownFlags = new Map([
  ['MULTI', 4],
  ['EXEC', 8],
]);

/** Counts ordinary commands that lie whole in a window with a kernel, and stops before anything else. */
export class StatisticsBatch {
  readonly kernel: StatisticsKernel;
  /** The kernel's two tables, for what it leaves to others. */
  readonly keys: TextCounter;
  readonly prefixes: TextCounter;
  private readonly numbered: CommandInfo[] = [];
  private readonly frame = new CommandView();

  constructor(kernel: StatisticsKernel) {
    this.kernel = kernel;
    this.keys = new KernelTable(kernel, 0);
    this.prefixes = new KernelTable(kernel, 1);
    for (const info of commands) this.enter(info);
  }

  private enter(info: CommandInfo): void {
    const rule = plainKeys(info);
    if (info.container || rule === undefined || !fitsTable(info.name)) return;
    const { commandTable } = this.kernel;
    const slot = addToTable(commandTable, info.name, 1);
    commandTable.setUint16(slot, this.numbered.push(info) - 1, true);
    commandTable.setInt8(slot + 2, rule.first);
    commandTable.setInt8(slot + 3, rule.last);
    commandTable.setUint8(slot + 4, rule.step);
    commandTable.setUint8(
      slot + 5,
      (info.write ? flagWrites : 0) | (rule.onlyFirst ? flagFirst : 0) | (ownFlags.get(info.name) ?? 0),
    );
  }

  /** Counts commands that begin before the offset `stop`, shows `sample` those of its keys, and gives their number. */
  pass(window: Window, place: LogPlace, stop: number, sample: RewriteSample | undefined): number {
    const { kernel } = this;
    const refill = window.home.length >> 2;
    if (window.limit - window.position < refill) window.ensure(refill);
    if (!kernel.owns(window.bytes)) return 0;
    const { position, limit, base } = window;
    const mask = sample === undefined ? -1 : sample.sampledOf - 1;
    const count = kernel.countCommands(position, limit, Math.min(limit, stop - base), mask);
    if (count === 0) return 0;
    const [end, samples, database] = kernel.result;
    if (sample !== undefined) this.replay(window, samples, sample);
    window.position = end;
    place.ordinal += count;
    if (database >= 0) place.database = database;
    return count;
  }

  private replay(window: Window, count: number, sample: RewriteSample): void {
    const { samples } = this.kernel;
    for (let index = 0; index < count; index++) {
      window.position = samples[index];
      const keyed = frameOrdinary(window, this.frame) && !this.isKeyless();
      sample.replay(this.frame, keyed ? window.position - samples[index] : 0);
    }
  }

  /** MULTI, EXEC, SELECT and others that say the same for all keys. */
  private isKeyless(): boolean {
    return this.frame.argc === 1 || (this.frame.argc === 2 && this.frame.text(0).toUpperCase() === 'SELECT');
  }

  /** How many commands of each kind the kernel counted. */
  *counted(): Generator<readonly [info: CommandInfo, count: number, bytes: number]> {
    const { totals } = this.kernel;
    for (const [number, info] of this.numbered.entries()) {
      if (totals[number * 2] > 0) yield [info, totals[number * 2], totals[number * 2 + 1]];
    }
  }
}

/** One of the kernel's tables. */
class KernelTable implements TextCounter {
  private readonly kernel: StatisticsKernel;
  private readonly index: number;

  constructor(kernel: StatisticsKernel, index: number) {
    this.kernel = kernel;
    this.index = index;
  }

  add(text: Uint8Array, start: number, length: number, bytes: number): void {
    this.kernel.countText(this.index, text, start, length, bytes);
  }

  top(most: number): Frequent[] {
    return mostFrequent(this.kernel.table(this.index), most);
  }
}
