import { Window } from '../../bytes/window.ts';
import type { Sources } from '../dataset/sources.ts';
import { type Candidate, RdbCandidates, type RdbContext } from './rdb-candidates.ts';
import { mayBeginString, OpenSkip } from './rdb-skip.ts';

/*
 * Nothing marks where a record of an RDB begins: around damage, any byte may begin one. What was written is taken to be the way
 * through these bytes for which most speaks: items that are sound, one right behind the other, and skipped bytes between
 * them. Each item adds what speaks for it (rdb-evidence.ts), each skip costs. So a record that is read out of the rest of a
 * damaged value, or that swallowed its neighbours, loses against those that it covers.
 *
 *     … item item [ skipped ] item item item …        the items behind a skip must be worth more than it costs
 */

/** Bytes of the longest string that counts for a skip. */
const stringBytes = 64;
/** What it costs to skip bytes, what each further skip beside it costs more, and to go on where nothing says that an item begins. */
const skipCost = 6;
const furtherSkipCost = 5;
const startCost = 4;
/** What it costs more to skip an item behind the damage that is sound. */
const soundSkipCost = 16;
/** Items behind the damage that together say this much are believed. */
const trustedBits = 160;
/** What an item that was read may lack and still be believed. */
const passedBitsMin = -8;
/** Items that together say so much show that the one before them is sound. */
const settledBits = 60;
/** No single item is believed for more than this. */
const itemBitsMax = 48;
/** Items of a chain that are looked at. */
const chainMax = 200;
/** Bytes within believed items that are looked through for what they may have swallowed. */
const insideMax = 1024 * 1024;
/** Places where an item may begin that are held; the best way is settled up to there when they are more. */
const placesMax = 1 << 18;

/** The best way to some place: from where, by an item or by a skip. */
interface Place {
  readonly score: number;
  readonly from: number;
  readonly by: 'item' | 'end' | 'skip';
  /** Reached by the items that were read before the damage showed, and by no other. */
  readonly known: boolean;
  /** Skips on the way. */
  readonly count: number;
}

/** Bytes that are no part of any record. */
export interface Skip {
  readonly from: number;
  readonly to: number;
}

/** The way around damage: what is skipped, in order, and whether sound items follow the last skip. */
export interface Detour {
  readonly skips: readonly Skip[];
  readonly goesOn: boolean;
}

/** Finds the way through damaged bytes of an RDB. */
export class RdbResynchroniser {
  private readonly candidates: RdbCandidates;
  private readonly window: Window;
  private readonly size: number;
  /** For each byte, whether it may begin an item, or a string that counts for a skip. */
  private readonly interesting: Uint8Array;
  private places = new Map<number, Place>();
  /** Places that an item leads to and that are not reached yet, in ascending order. */
  private ahead: number[] = [];
  private skip = new OpenSkip();
  private passed: ReadonlySet<number> = new Set();
  /** The item among those that were read in which the search stands, what speaks for it, and for all before it. */
  private within = { from: 0, to: 0, bits: 0, score: 0 };
  /** Where reading met the damage: items that end before say nothing of what comes behind it. */
  private fault = 0;
  /** Where the search ends: `size`, or behind items that are believed. */
  private limit = 0;
  private settled: Skip[] = [];

  constructor(sources: Sources, index: number, size: number, context: RdbContext) {
    this.candidates = new RdbCandidates(sources, index, size, context);
    this.window = new Window(sources.reopen(index));
    this.size = size;
    this.interesting = this.candidates.mayBegin.map((item, byte) => item | mayBeginString[byte]);
  }

  /**
   * The way past `fault`. `passed`: where the items before it began that were read soundly, in ascending order. `boundary`: where
   * an item ends that is framed soundly and bad in itself; -1 for none.
   */
  find(passed: readonly number[], fault: number, boundary: number): Detour {
    // Most trials end in a fault: where in this program each came about nobody asks.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return this.search(passed, fault, boundary);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  private search(passed: readonly number[], fault: number, boundary: number): Detour {
    const suspects = this.suspectsAmong(passed);
    const start = suspects[0] ?? fault;
    this.begin(start, fault, suspects);
    for (let offset = start; offset < this.limit; offset++) {
      offset = this.nextPlace(offset);
      if (offset >= this.limit) break;
      this.visit(offset);
      if (offset === fault && boundary > fault) this.reach(boundary, this.skip.score, this.skip.from, 'skip', false);
      if (this.places.size > placesMax) this.settle();
    }
    return this.best();
  }

  /** An item behind which several plausible ones were read ended where it should: only the last ones may be damaged. */
  private suspectsAmong(passed: readonly number[]): readonly number[] {
    let index = passed.length;
    for (let said = 0; index > 0 && said < settledBits; ) {
      index--;
      said += Math.min(Math.max(this.candidates.at(passed[index])?.bits ?? 0, 0), settledBits / 3);
    }
    return passed.slice(index);
  }

  private begin(start: number, fault: number, passed: readonly number[]): void {
    this.passed = new Set([...passed, fault]);
    this.fault = fault;
    this.limit = this.size;
    this.places = new Map([[start, { score: 0, from: start, by: 'item', known: true, count: 0 }]]);
    this.ahead = [start];
    this.skip = new OpenSkip();
    this.within = { from: 0, to: 0, bits: 0, score: 0 };
    this.settled = [];
  }

  /** The next offset that an item leads to, or where one may begin. */
  private nextPlace(offset: number): number {
    const { window, limit } = this;
    const { interesting } = this;
    const known = Math.min(this.ahead[0] ?? limit, limit);
    let at = offset;
    while (at < known) {
      if (!window.seek(at) || !window.ensure(1)) return limit;
      const { bytes, position } = window;
      const end = Math.min(window.limit, position + known - at);
      let next = position;
      while (next < end && (interesting[bytes[next]] === 0 || isNulRun(bytes, next, end))) next++;
      at = window.base + next;
      if (next < end) break;
    }
    return at;
  }

  private visit(offset: number): void {
    const { skip, candidates } = this;
    const reached = this.places.get(offset);
    if (this.ahead[0] === offset) this.ahead.shift();
    skip.advance(offset);
    const item = candidates.mayBegin[this.byteAt(offset)] === 0 ? undefined : candidates.at(offset);
    candidates.forget(offset);
    if (this.passed.has(offset)) {
      skip.dropDoubtful();
      this.enter(offset, item, reached);
    }
    if (item !== undefined) this.take(offset, item, reached);
    if (reached !== undefined) {
      const { score, known, count } = reached;
      const torn = item !== undefined && count > 0 ? soundSkipCost : 0;
      skip.open(offset, score - skipCost - furtherSkipCost * count - torn, known);
    }
    this.byteAt(offset);
    const { bytes, position, limit } = this.window;
    skip.passString(bytes, position, limit);
  }

  /** Brings the byte at `offset` to the window's position. */
  private byteAt(offset: number): number {
    const { window } = this;
    if (
      !window.seek(offset) ||
      !(window.limit - window.position >= stringBytes || window.ensure(stringBytes) || window.ensure(1))
    )
      return 0;
    return window.bytes[window.position];
  }

  /** Follows the item at `offset`, from the item before it or out of a skip. */
  private take(offset: number, item: Candidate, reached: Place | undefined): void {
    const { skip, within } = this;
    const broken = this.brokenScore(offset);
    const started = Math.max(skip.score, broken) - startCost;
    const score = Math.max(reached?.score ?? started, started);
    if (score === Number.NEGATIVE_INFINITY) return;
    // From the end of an item that says so little a skip leads on as well.
    if (!item.last && score + item.bits <= skip.score - startCost && !this.passed.has(offset)) return;
    const starts = reached === undefined || started > reached.score;
    if (starts) {
      const from = broken > skip.score ? within.from : skip.from;
      const count = (this.places.get(from)?.count ?? 0) + 1;
      this.places.set(offset, { score: started, from, by: 'skip', known: false, count });
    }
    // An item that was read where the one before it ended needs little to be believed.
    const bits = this.passed.has(offset) && item.bits > passedBitsMin ? Math.max(item.bits, 1) : item.bits;
    this.reach(item.end, score + bits, offset, item.last ? 'end' : 'item', !starts && reached.known);
    if (this.limit === this.size) this.lookAhead(offset);
  }

  private enter(offset: number, item: Candidate | undefined, reached: Place | undefined): void {
    this.within = { from: offset, to: item?.end ?? offset, bits: item?.bits ?? 0, score: reached?.score ?? 0 };
  }

  /**
   * An item that was read, although it is damaged, ends in the wrong place: what speaks for it speaks for its first part still, if
   * another item begins within it.
   */
  private brokenScore(offset: number): number {
    const { from, to, bits, score } = this.within;
    if (offset <= from || offset >= to) return Number.NEGATIVE_INFINITY;
    return score + (Math.max(bits, 0) * (offset - from)) / (to - from) - skipCost;
  }

  private reach(offset: number, score: number, from: number, by: Place['by'], known: boolean): void {
    const other = this.places.get(offset);
    if (other !== undefined && other.score >= score) return;
    const count = (this.places.get(from)?.count ?? 0) + (by === 'skip' ? 1 : 0);
    this.places.set(offset, { score, from, by, known, count });
    if (other !== undefined) return;
    let index = this.ahead.length;
    while (index > 0 && this.ahead[index - 1] > offset) index--;
    this.ahead.splice(index, 0, offset);
  }

  /** Ends the search behind items that are believed, once the first of them is found. */
  private lookAhead(offset: number): void {
    const { bits, reached } = this.chain(offset);
    if (bits >= trustedBits) this.limit = Math.min(reached, Math.max(this.fault + 1, offset + insideMax));
  }

  /** What the items from `offset` on say together, those behind the damage, and where they lead. */
  private chain(offset: number): { bits: number; reached: number } {
    let bits = 0;
    let at = offset;
    for (let count = 0; count < chainMax && bits < trustedBits && bits > -skipCost; count++) {
      const item = this.candidates.at(at);
      if (item === undefined) break;
      if (at >= this.fault) bits += Math.min(item.bits, itemBitsMax);
      at = item.end;
      if (item.last) return { bits: trustedBits, reached: at };
    }
    return { bits, reached: at };
  }

  /** So many places are held that the best way up to here must do. */
  private settle(): void {
    const best = this.places.get(this.skip.from);
    if (best === undefined) return;
    this.settled.push(...this.traced(this.skip.from));
    this.places = new Map([
      [this.skip.from, { score: best.score, from: this.skip.from, by: 'item', known: false, count: 0 }],
    ]);
    this.ahead = [];
  }

  private best(): Detour {
    let best = -1;
    let most = this.skip.score - startCost;
    for (const offset of this.ahead) {
      if (offset < this.limit) continue;
      const place = this.places.get(offset) as Place;
      const score = place.score + this.chain(offset).bits;
      if (score > most) {
        most = score;
        best = offset;
      }
    }
    const { size, skip } = this;
    const torn = best === size && this.places.get(best)?.by === 'item';
    if (best >= 0 && !torn) return { skips: [...this.settled, ...this.traced(best)], goesOn: true };
    const from = torn ? size : skip.from;
    return { skips: [...this.settled, ...this.traced(from), { from, to: size }], goesOn: false };
  }

  /** What is skipped on the best way to a place. */
  private traced(offset: number): Skip[] {
    const skips: Skip[] = [];
    for (let at = offset; ; ) {
      const place = this.places.get(at);
      if (place === undefined || place.from === at) return skips.reverse();
      if (place.by === 'skip') skips.push({ from: place.from, to: at });
      at = place.from;
    }
  }
}

/** NUL bytes read as strings without key and value: of many only the last are looked at. */
function isNulRun(bytes: Uint8Array, position: number, end: number): boolean {
  return (
    position + 4 < end &&
    bytes[position] === 0 &&
    bytes[position + 1] === 0 &&
    bytes[position + 2] === 0 &&
    bytes[position + 3] === 0
  );
}
