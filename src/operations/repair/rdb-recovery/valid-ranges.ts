import type { Piece, Span } from '../plan.ts';

/** What a span leaves out before and behind what was not in order, and how long it must be to be worth it. */
const marginBytes = 64 * 1024;
const spanBytesMin = 1024 * 1024;

/** Collects what a reading of a log has proven: the check of the result reads only the rest of it, with every join in it. */
export class ValidRanges {
  readonly spans: Span[] = [];
  private after: number;
  private from = -1;
  private to = -1;
  private newest = -1;

  /** `offset`: where the reading begins. */
  constructor(offset: number) {
    this.after = offset;
  }

  /** A record ends at `offset`, no transaction is open, and since the last such place all was in order. */
  pass(offset: number): void {
    if (this.from < 0) {
      if (offset - this.after >= marginBytes) this.from = this.to = this.newest = offset;
    } else if (offset - this.newest >= marginBytes) {
      this.to = this.newest;
      this.newest = offset;
    }
  }

  /** Something before `offset`, and behind the last place, is not in order. */
  interrupt(offset: number): void {
    if (this.from >= 0 && this.to - this.from >= spanBytesMin) this.spans.push({ from: this.from, to: this.to });
    this.from = -1;
    this.after = offset;
  }
}

/** Where the spans come to lie in the result; those that are not whole within one piece are none any more. Both in ascending order. */
export function spansWithin(pieces: readonly Piece[], spans: readonly Span[]): Span[] {
  const moved: Span[] = [];
  let at = 0;
  let index = 0;
  for (const piece of pieces) {
    if (piece.kind === 'rdb-end') throw new Error('only a log is proven in spans');
    if (piece.kind === 'copy') {
      const { offset, length } = piece;
      while (index < spans.length && spans[index].from < offset) index++;
      for (; index < spans.length && spans[index].to <= offset + length; index++) {
        moved.push({ from: spans[index].from - offset + at, to: spans[index].to - offset + at });
      }
    }
    at += piece.kind === 'copy' ? piece.length : piece.bytes.length;
  }
  return moved;
}

/** The pieces of a file of `size` bytes that lie outside of the spans. */
export function outside(size: number, spans: readonly Span[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { from, to } of [...spans, { from: size, to: size }]) {
    if (from > at) pieces.push({ kind: 'copy', offset: at, length: from - at });
    at = to;
  }
  return pieces;
}
