/** What was written in a span of time. */
export interface GrowthSpan {
  /** Seconds since 1970 at which it begins, and its length in seconds. */
  readonly from: number;
  readonly seconds: number;
  readonly commands: number;
  readonly bytes: number;
}

/** Lengths of a span, seconds: as a clock divides time. */
const widths = [1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86400, 7 * 86400, 28 * 86400, 364 * 86400];
const spansMax = 60;

/** Adds up what was written over time, in at most 60 spans: they become longer as the time does. */
export class GrowthCurve {
  private width = 0;
  private spans = new Map<number, { commands: number; bytes: number }>();
  private current: { commands: number; bytes: number } | undefined;
  private lastTime = Number.NaN;

  /** `time`: seconds since 1970; NaN where nobody knows. `commands` had so many bytes together. */
  add(time: number, bytes: number, commands = 1): void {
    if (time !== this.lastTime) this.moveTo(time);
    if (this.current === undefined) return;
    this.current.commands += commands;
    this.current.bytes += bytes;
  }

  private moveTo(time: number): void {
    this.lastTime = time;
    if (Number.isNaN(time)) return;
    this.current = this.spanOf(time);
    while (this.spans.size > spansMax && this.width < widths.length - 1) {
      this.widen();
      this.current = this.spanOf(time);
    }
  }

  private spanOf(time: number): { commands: number; bytes: number } {
    const index = Math.floor(time / widths[this.width]);
    let span = this.spans.get(index);
    if (span === undefined) this.spans.set(index, (span = { commands: 0, bytes: 0 }));
    return span;
  }

  private widen(): void {
    const old = this.spans;
    const oldWidth = widths[this.width++];
    this.spans = new Map();
    for (const [index, { commands, bytes }] of old) {
      const span = this.spanOf(index * oldWidth);
      span.commands += commands;
      span.bytes += bytes;
    }
  }

  /** In the order of time; spans in which nothing was written are left out. */
  result(): GrowthSpan[] {
    const seconds = widths[this.width];
    return [...this.spans]
      .sort(([a], [b]) => a - b)
      .map(([index, { commands, bytes }]) => ({ from: index * seconds, seconds, commands, bytes }));
  }
}
