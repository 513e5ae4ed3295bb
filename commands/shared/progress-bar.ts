import type { Progress } from '../../src/index.ts';
import { printable } from '../../src/io/text.ts';

/** Work that takes less than this needs no bar, milliseconds. */
const quietTime = 700;
/** Between two updates of a bar, milliseconds. */
const updateInterval = 100;

interface Bar {
  start(total: number, value: number, payload: object): void;
  update(value: number, payload: object): void;
  stop(): void;
}

/**
 * A progress bar on standard error: bytes, speed and time left. It shows itself only on a terminal, and only when the work
 * takes a while.
 */
export class ProgressBar {
  private readonly begun = Date.now();
  private last = 0;
  private file = '';
  private fileBegun = this.begun;
  private bar: Bar | undefined;
  private readonly create: (() => Bar) | undefined;

  private constructor(create: (() => Bar) | undefined) {
    this.create = create;
  }

  /** `wanted` false (or no terminal): a bar that does nothing. */
  static async open(wanted: boolean): Promise<ProgressBar> {
    if (!wanted || process.stderr.isTTY !== true) return new ProgressBar(undefined);
    const { default: progress } = await import('cli-progress');
    const format = '{bar} {percentage}% | {done} of {all} | {speed}/s | {left} left | {name}';
    const options = {
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      synchronousUpdate: true,
      format,
    };
    return new ProgressBar(() => new progress.SingleBar(options, progress.Presets.shades_classic));
  }

  /** What an operation calls as it goes on; undefined where nobody would see it. */
  get listener(): ((progress: Progress) => void) | undefined {
    return this.create === undefined ? undefined : (progress) => this.update(progress);
  }

  private update(progress: Progress): void {
    const now = Date.now();
    if (progress.file !== this.file) {
      this.file = progress.file;
      this.fileBegun = now;
      this.bar?.stop();
      this.bar = undefined;
    }
    if (now - this.begun < quietTime || now - this.last < updateInterval) return;
    this.last = now;
    const payload = this.payload(progress, now);
    if (this.bar !== undefined) this.bar.update(progress.offset, payload);
    else {
      this.bar = this.create?.();
      this.bar?.start(progress.size ?? progress.offset, progress.offset, payload);
    }
  }

  private payload({ file, offset, size }: Progress, now: number): object {
    const seconds = Math.max(now - this.fileBegun, 1) / 1000;
    const speed = offset / seconds;
    const left = size === undefined ? '?' : `${Math.ceil(Math.max(size - offset, 0) / Math.max(speed, 1))}s`;
    return {
      done: formatBytes(offset),
      all: size === undefined ? '?' : formatBytes(size),
      speed: formatBytes(speed),
      left,
      name: printable(file),
    };
  }

  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}

/** Bytes for people: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}
