/*
 * The module that writes the lines of a log (assembly/log.ts). The window of the file that is read and the lines lie in the module's
 * own memory, so that nothing is copied on the way in or out.
 */

import { commandSlotBytes, commandSlotCount } from './command-table.ts';
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { logBase64 } from './log.generated.ts';
import { mustBeTrap } from './trap.ts';

/** Where the module keeps things, bytes from the start of its memory (assembly/log-layout.ts). */
const bareAt = 4096;
const escapesAt = 4352;
const base64At = 4608;
const prefixAt = 4672;
const headAt = 12_288;
const timeAt = 16_384;
const lineStartsAt = 32_768;
const windowAt = 196_608;
const linesAt = 1_048_576;
const turnedAt = 3_211_264;
const commandsAt = 5_373_952;
/** Longest beginning of a key that is compared, bytes. */
const prefixBytesMax = 256;
/** Bytes of a window at most. */
const logWindowBytes = 524_288;
/** Bytes of lines that are written at most before they are taken away. */
const linesBytes = 2_097_152;
const lineStartsMax = 32_768;
/** Longest head of a line, and longest text of a time, bytes. */
const logHeadBytesMax = 2048;
const timeBytesMax = 128;

/** Bits of `flags`. */
export const LineFlag = { full: 1, json: 2, starts: 4, select: 8 } as const;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  settle(head: number, time: number, database: number, flags: number): void;
  writeLines(
    from: number,
    limit: number,
    stop: number,
    most: number,
    base: number,
    ordinal: number,
    written: number,
    enough: number,
    flags: number,
  ): number;
  passLog(from: number, limit: number, stop: number): number;
  passUnwanted(from: number, limit: number, stop: number, prefix: number): number;
  turnLines(starts: number, written: number, count: number): number;
}

const kernels = new KernelModule<Exports>(logBase64);

/** One instance, with room for one window. Positions count from the window's first byte. */
export class LogKernel {
  /** Where lines are written. */
  readonly lines: Buffer;
  /** Where they are put in the other order. */
  readonly turned: Buffer;
  /** Where each line begins in `lines`, if that was asked for. */
  readonly lineStarts: Uint32Array;
  /**
   * Where the first command begins that was not taken, bytes of lines in all, the database selected last (-1: none was), and how many
   * line starts there are: whoever takes the lines away sets that back.
   */
  readonly result: Int32Array;
  /**
   * Writes lines for ordinary commands of the window's `[from, limit)` that begin before `stop`, `most` at most, behind `written` bytes of
   * lines and until there are `enough`; stops before anything else. `base`: the file's offset of the window's first byte; `ordinal`:
   * of the command before. How many commands those were.
   */
  readonly writeLines: Exports['writeLines'];
  /** Passes over such commands without a line. */
  readonly passLog: Exports['passLog'];
  /** Passes over such commands until one may be wanted (`commandTable`); `prefix`: bytes that `wantKeys` gave. */
  readonly passUnwanted: Exports['passUnwanted'];
  /** To be filled by command-table.ts; assembly/log.ts tells what a slot holds. */
  readonly commandTable: DataView;
  /** Puts the last `count` of `starts` lines into `turned`, the last one first; how many bytes those are. */
  readonly turnLines: Exports['turnLines'];
  private readonly settleLine: Exports['settle'];
  private readonly memory: ArrayBuffer;
  private isRetired = false;

  /** `bare`: for each byte whether it may stand in a name without quotes; `escapes`: the letter behind its backslash, or 0. */
  constructor(bare: Uint8Array, escapes: Uint8Array) {
    const { memory, settle, writeLines, passLog, passUnwanted, turnLines } = kernels.instance();
    this.memory = memory.buffer;
    this.settleLine = settle;
    this.writeLines = (from, limit, stop, most, base, ordinal, written, enough, flags) => {
      const starts = this.result[3];
      try {
        return writeLines(from, limit, stop, most, base, ordinal, written, enough, flags);
      } catch (error) {
        return this.retire(error, from, written, starts);
      }
    };
    this.passLog = (from, limit, stop) => {
      const [, written, , starts] = this.result;
      try {
        return passLog(from, limit, stop);
      } catch (error) {
        return this.retire(error, from, written, starts);
      }
    };
    this.passUnwanted = (from, limit, stop, prefix) => {
      const [, written, , starts] = this.result;
      try {
        return passUnwanted(from, limit, stop, prefix);
      } catch (error) {
        return this.retire(error, from, written, starts);
      }
    };
    this.turnLines = turnLines;
    this.commandTable = new DataView(this.memory, commandsAt, commandSlotCount * commandSlotBytes);
    this.lines = Buffer.from(this.memory, linesAt, linesBytes);
    this.turned = Buffer.from(this.memory, turnedAt, linesBytes);
    this.lineStarts = new Uint32Array(this.memory, lineStartsAt, lineStartsMax);
    this.result = new Int32Array(this.memory, 0, 4);
    const memoryBytes = Buffer.from(this.memory);
    memoryBytes.set(bare, bareAt);
    memoryBytes.set(escapes, escapesAt);
    memoryBytes.latin1Write('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', base64At);
  }

  /** What a first key must begin with to be wanted; how many bytes of it are compared. */
  wantKeys(prefix: Uint8Array): number {
    const compared = prefix.subarray(0, prefixBytesMax);
    Buffer.from(this.memory).set(compared, prefixAt);
    return compared.length;
  }

  /** Memory for a window of `size` bytes; the same memory each time. */
  window(size = logWindowBytes): Buffer {
    return Buffer.from(this.memory, windowAt, Math.min(size, logWindowBytes));
  }

  /** Whether `bytes` is memory of this instance, which its kernels can read. */
  owns(bytes: Buffer): boolean {
    return bytes.buffer === this.memory && !this.isRetired;
  }

  /** After a trap: as if nothing had been written by the call, and no call comes again. */
  private retire(error: unknown, from: number, written: number, starts: number): number {
    mustBeTrap(error);
    this.isRetired = true;
    this.result.set([from, written, -1, starts]);
    return 0;
  }

  /** What stands before the offset and before the database of all lines to come; false where one of them is too long. */
  settle(head: Uint8Array, time: Uint8Array, database: number, flags: number): boolean {
    if (head.length > logHeadBytesMax || time.length > timeBytesMax) return false;
    const memoryBytes = Buffer.from(this.memory);
    memoryBytes.set(head, headAt);
    memoryBytes.set(time, timeAt);
    this.settleLine(head.length, time.length, database, flags);
    return true;
  }
}

/** An instance; undefined where this machine's engine cannot run it: then JavaScript does all. */
export function openLogKernel(bare: Uint8Array, escapes: Uint8Array): LogKernel | undefined {
  return whereKernelsRun(() => new LogKernel(bare, escapes));
}
