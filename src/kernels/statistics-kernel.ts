/*
 * The module that counts what a log holds (assembly/statistics.ts). The window of the file that is read lies in the module's own memory.
 */

import { commandSlotBytes, commandSlotCount } from './command-table.ts';
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { hashKey } from './sip-hash.ts';
import { statisticsBase64 } from './statistics.generated.ts';
import { mustBeTrap } from './trap.ts';

/** Where the module keeps things, bytes from the start of its memory (assembly/log-layout.ts, assembly/statistics-layout.ts). */
const commandsAt = 32_768;
const totalsAt = 65_536;
const samplesAt = 81_920;
const scratchAt = 118_784;
const windowAt = 196_608;
const windowBytes = 524_288;
const tablesAt = 1_048_576;
const tableBytes = 35_651_584;
const entriesAt = 262_144;
const entryBytes = 32;
const headAt = 1_310_720;
/** Texts that a table has room for, and the longest one that is counted, bytes. */
const tableTextsMax = 32_768;
const samplesMax = 8192;
/** Commands that can be told apart. */
const totalsMax = 1024;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  clearTables(most: number): void;
  countProbes(): number;
  setHashKey(a: number, b: number, c: number, d: number): void;
  countCommands(from: number, limit: number, stop: number, mask: number): number;
  countScratch(table: number, length: number, bytes: number): void;
}

const kernels = new KernelModule<Exports>(statisticsBase64);

/** One instance, with room for one window. Positions count from the window's first byte. */
export class StatisticsKernel {
  readonly window: Buffer;
  /**
   * Where the first command begins that was not counted, how many samples there are, the database selected last (-1: none was), and how
   * many commands were counted.
   */
  readonly result: Int32Array;
  /** For each command's number how many there were, and their bytes. */
  readonly totals: Float64Array;
  /** Where the commands begin that concern the sample. */
  readonly samples: Uint32Array;
  /** To be filled by command-table.ts. */
  readonly commandTable: DataView;
  /**
   * Counts ordinary commands of the window's `[from, limit)` that begin before `stop`, and stops before anything else; how many those were.
   * A key is in the sample if its hash has none of the bits of `mask`; -1: nothing is.
   */
  readonly countCommands: Exports['countCommands'];
  private readonly exports: Exports;
  private readonly memory: ArrayBuffer;
  private isRetired = false;

  /** `textsMost`: texts that a table holds before it is pruned, at most `tableTextsMax`. */
  constructor(textsMost: number) {
    this.exports = kernels.instance();
    this.memory = this.exports.memory.buffer;
    this.countCommands = (from, limit, stop, mask) => {
      try {
        return this.exports.countCommands(from, limit, stop, mask);
      } catch (error) {
        mustBeTrap(error);
        this.isRetired = true;
        // The result is up to date with each command: those before the one that trapped are counted.
        return this.result[3];
      }
    };
    const [a, b, c, d] = hashKey();
    this.exports.setHashKey(a, b, c, d);
    this.exports.clearTables(Math.min(textsMost, tableTextsMax));
    this.window = Buffer.from(this.memory, windowAt, windowBytes);
    this.result = new Int32Array(this.memory, 0, 4);
    this.totals = new Float64Array(this.memory, totalsAt, totalsMax * 2);
    this.samples = new Uint32Array(this.memory, samplesAt, samplesMax);
    this.commandTable = new DataView(this.memory, commandsAt, commandSlotCount * commandSlotBytes);
  }

  /** Whether `bytes` is memory of this instance, which its kernel can read. */
  owns(bytes: Buffer): boolean {
    return bytes.buffer === this.memory && !this.isRetired;
  }

  /** Slots of the tables that were looked at beyond the first, in all searches. */
  get probes(): number {
    return this.exports.countProbes();
  }

  /** Counts `text[start, start + length)`, at most `textLengthMax` bytes, in table 0 or 1. */
  countText(table: number, text: Uint8Array, start: number, length: number, bytes: number): void {
    new Uint8Array(this.memory, scratchAt, length).set(text.subarray(start, start + length));
    this.exports.countScratch(table, length, bytes);
  }

  /** What table 0 or 1 holds, entry by entry, until more is counted. */
  table(index: number): StatisticsTable {
    const { memory } = this;
    const at = tablesAt + index * tableBytes;
    const count = new Uint32Array(memory, at + headAt, 1)[0];
    const entries = new DataView(memory, at + entriesAt, count * entryBytes);
    return {
      count,
      error: new Float64Array(memory, at + headAt + 16, 1)[0],
      counts: Float64Array.from({ length: count }, (_, entry) => entries.getFloat64(entry * entryBytes + 16, true)),
      bytes: Float64Array.from({ length: count }, (_, entry) => entries.getFloat64(entry * entryBytes + 24, true)),
      text: (entry) => {
        const length = entries.getUint32(entry * entryBytes + 4, true);
        return Buffer.from(memory, entries.getUint32(entry * entryBytes + 8, true), length).latin1Slice();
      },
    };
  }
}

export interface StatisticsTable {
  readonly count: number;
  /** By how much any count may be too low. */
  readonly error: number;
  readonly counts: Float64Array;
  readonly bytes: Float64Array;
  /** An entry's text as a binary string. */
  readonly text: (entry: number) => string;
}

/** An instance; undefined where this machine's engine cannot run it: then JavaScript does all. */
export function openStatisticsKernel(textsMost: number): StatisticsKernel | undefined {
  return whereKernelsRun(() => new StatisticsKernel(textsMost));
}
