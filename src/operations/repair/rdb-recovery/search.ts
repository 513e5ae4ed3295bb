import { append } from '../../../arrays.ts';
import type { Sources } from '../../../dataset/sources.ts';
import { Window } from '../../../io/window.ts';
import { type Candidate, farBytes, RdbCandidates, type RdbContext } from './candidates.ts';
import { FragmentAlignment, startCost } from './fragment-alignment.ts';
import type { RecordLikelihood } from './likelihood.ts';
import type { Alternative, Detour, Exit, Found, Goal, Place, Skip, Start } from './paths.ts';
import { MemberReader, memberForms } from './recovered-elements.ts';

/*
 * Nothing marks where a record of an RDB begins: around damage, any byte may begin one. What was written is taken to be the way
 * through these bytes for which most speaks: items that are sound, one right behind the other, and skipped bytes between
 * them. Each item adds what speaks for it (likelihood.ts), each skip costs. So a record that is read out of the rest of a
 * damaged value, or that swallowed its neighbours, loses against those that it covers.
 *
 *     … item item [ skipped ] item item item …        the items behind a skip must be worth more than it costs
 */

/** What it costs to skip bytes, and what each further skip beside it costs more. */
const skipCost = 6;
const furtherSkipCost = 15;
/** So many are no likelier than more. */
const furtherSkipsMax = 2;
/** What it costs more, at most, to skip an item that is sound. */
const soundSkipCost = 12;
/** Items behind the damage that together say this much are believed. */
const trustedBits = 160;
/** What an item that was read may lack and still be believed. */
const passedBitsMin = -18;
/** Items that together say so much show that the one before them is sound. */
const settledBits = 60;
/** No single item is believed for more than this. */
const itemBitsMax = 48;
/** Items of a chain that are looked at. */
const chainMax = 200;
/** Bytes within believed items that are looked through for what they may have swallowed. */
const insideMax = 1024 * 1024;
/** Items of which other ways are made. */
const foundMax = 1 << 17;
/** What a key costs while ways with fewer or more of them are looked for. */
const keyCosts = [0, 12, -6];
/** Places where an item may begin that are held; the best way is settled up to there when they are more. */
const placesMax = 1 << 18;

/** The best ways to `goal` for each number of keys. */
function waysTo(resync: () => RdbResynchroniser, start: Start, goal: Goal): readonly Alternative[] {
  const byKeys = new Map<number, Alternative>();
  for (const cost of keyCosts) {
    for (const way of quietly(() => resync().waysTo(start, goal, cost)))
      if (way.score > (byKeys.get(way.keys)?.score ?? Number.NEGATIVE_INFINITY)) byKeys.set(way.keys, way);
  }
  return [...byKeys.values()];
}

/** Most trials end in a fault: where in this program each came about nobody asks. */
function quietly<Result>(work: () => Result): Result {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const nothingYet = { count: 0, keys: 0, selects: 0, whole: false, gapAt: -1 } as const;

/** Finds the way through damaged bytes of an RDB. */
export class RdbResynchroniser {
  private readonly sources: Sources;
  private readonly index: number;
  private readonly candidates: RdbCandidates;
  private readonly window: Window;
  private readonly size: number;
  private readonly members: MemberReader;
  private readonly context: RdbContext;
  private places = new Map<number, Place>();
  /** Places that an item leads to and that are not reached yet, in ascending order. */
  private ahead: number[] = [];
  private remains: FragmentAlignment;
  private passed: ReadonlySet<number> = new Set();
  /** Where reading met the damage: items that end before say nothing of what comes behind it. */
  private fault = 0;
  /** Where the item ends that met it, if it is framed soundly; else -1. */
  private boundary = -1;
  /** Where the search ends: `size`, or behind items that are believed. */
  private limit = 0;
  private settled: Skip[] = [];
  /** Where other ways should lead, while they are looked for, and what each key costs then. */
  private goal: Goal | undefined;
  private keyCost = 0;
  private readonly found = new Map<number, Found>();
  private readonly exits: Exit[] = [];

  constructor(sources: Sources, index: number, size: number, context: RdbContext) {
    this.sources = sources;
    this.index = index;
    this.candidates = new RdbCandidates(sources, index, size, context);
    this.window = new Window(sources.reopen(index));
    this.size = size;
    this.members = new MemberReader(this.window, new Window(sources.reopen(index), farBytes), size);
    this.context = context;
    this.remains = this.nothing();
  }

  /**
   * The way past `fault`. `passed`: where the items before it began that were read soundly, in ascending order. `boundary`: where
   * an item ends that is framed soundly and bad in itself; -1 for none.
   */
  find(passed: readonly number[], fault: number, boundary: number): Detour {
    const start = { passed, fault, boundary };
    return quietly(() => this.search(start));
  }

  waysTo(start: Start, goal: Goal, keyCost: number): readonly Alternative[] {
    this.goal = goal;
    this.keyCost = keyCost;
    this.walk(start, goal.at);
    return this.found.size >= foundMax || this.settled.length > 0 ? [] : this.waysBy(goal);
  }

  private nothing(): FragmentAlignment {
    const { fork, version } = this.context;
    return new FragmentAlignment(this.members, memberForms(fork, version), this.size);
  }

  private search(start: Start): Detour {
    this.walk(start, this.size);
    const { goal, ...way } = this.best();
    // Nothing of this search is held any longer.
    const { sources, index, size, context } = this;
    const again = (evidence: RecordLikelihood) => new RdbResynchroniser(sources, index, size, { ...context, evidence });
    return { ...way, others: (evidence) => (goal === undefined ? [] : waysTo(() => again(evidence), start, goal)) };
  }

  private walk({ passed, fault, boundary }: Start, limit: number): void {
    const suspects = this.suspectsAmong(passed);
    const start = suspects[0] ?? fault;
    this.begin(start, fault, suspects);
    this.boundary = boundary;
    this.limit = limit;
    for (let offset = start; offset < this.limit; offset++) {
      this.visit(offset);
      if (this.places.size > placesMax) this.settle();
      // What was believed has led to nothing but a further skip.
      if (offset + 1 >= this.limit && this.limit < limit && this.bestAhead() < 0) this.limit = limit;
    }
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
    this.places = new Map([[start, { score: 0, from: start, by: 'item', ...nothingYet, since: start, rival: 0 }]]);
    this.ahead = [start];
    this.remains = this.nothing();
    this.settled = [];
  }

  private visit(offset: number): void {
    const { remains, candidates } = this;
    // Whatever has been reached behind the place of the search is ahead.
    const reached = this.ahead[0] === offset ? this.places.get(offset) : undefined;
    if (reached !== undefined) this.ahead.shift();
    remains.arrive(offset);
    const item = candidates.mayBegin[this.byteAt(offset)] === 0 ? undefined : candidates.last(offset);
    if (item !== undefined) this.take(offset, item, reached);
    if (reached !== undefined) this.leaveOut(offset, item, reached);
    this.byteAt(offset);
    remains.go(offset);
  }

  /** Brings the byte at `offset` to the window's position. */
  private byteAt(offset: number): number {
    const { window } = this;
    if (!window.seek(offset) || !(window.position < window.limit || window.ensure(1))) return 0;
    return window.bytes[window.position];
  }

  /** Skips what begins at `offset`, where an item ends: the key that stands there may be sound, and only its value torn. */
  private leaveOut(offset: number, item: Candidate | undefined, { score, count }: Place): void {
    const { remains, candidates } = this;
    const torn = item === undefined ? 0 : Math.min(Math.max(item.bits, 0), soundSkipCost);
    const left = score - furtherSkipCost * Math.min(count, furtherSkipsMax) - torn;
    const head = candidates.headAt(offset);
    const end = offset === this.fault && this.boundary > offset ? this.boundary : (head?.end ?? -1);
    if (end > offset) remains.expect(offset, end);
    remains.open(offset, left - skipCost);
    if (head === undefined) return;
    // What speaks for the head counts where what goes on begins behind it.
    const said = Math.max(head.bits, 0);
    remains.openLater(head.valueAt, offset, left - skipCost + said);
    const { row } = head;
    if (row !== undefined) remains.openRow(row.form, row.at, row.declared, offset, left + said, offset);
  }

  /** Follows the item at `offset`, from the item before it or out of a skip. */
  private take(offset: number, item: Candidate, before: Place | undefined): void {
    const { remains, passed } = this;
    const started = remains.leave(offset);
    const reached = this.asItem(offset, before, started);
    const score = Math.max(reached?.score ?? started, started);
    if (score === Number.NEGATIVE_INFINITY) return;
    // An item that was read where the one before it ended needs little to be believed.
    const said = passed.has(offset) && item.bits > passedBitsMin ? Math.max(item.bits, 1) : item.bits;
    const bits = item.isKey ? said - this.keyCost : said;
    if (this.goal !== undefined) this.note(offset, item, bits, started);
    // From the end of an item that says so little a skip leads on as well.
    if (!item.last && score + bits <= remains.score - startCost && !passed.has(offset)) return;
    if (reached === undefined || started > reached.score) this.start(offset, started);
    this.reach(item, score + bits, offset);
    if (this.goal === undefined && this.limit === this.size && offset > this.fault) this.lookAhead(offset);
  }

  /** Whatever its bytes resemble, from where it begins to where it ends there lies the item that they were read as. */
  private asItem(offset: number, reached: Place | undefined, started: number): Place | undefined {
    const isSame = reached?.by === 'item' && this.remains.leftFrom === reached.from && started > reached.score;
    if (!isSame) return reached;
    const raised = { ...reached, score: started };
    this.places.set(offset, raised);
    return raised;
  }

  /** Goes on at `offset` behind a skip. */
  private start(offset: number, score: number): void {
    const { leftFrom: from, leftWhole: whole, leftGap: gapAt, score: rival } = this.remains;
    const { count, keys, selects } = this.places.get(from) ?? nothingYet;
    const on = { count: count + 1, keys, selects, whole, gapAt, since: offset, rival };
    this.places.set(offset, { score, from, by: 'skip', ...on });
  }

  /** Keeps what other ways are made of. */
  private note(offset: number, item: Candidate, bits: number, started: number): void {
    if (this.found.size >= foundMax) return;
    const { end, isKey, isSelect } = item;
    this.found.set(offset, { end, bits, keys: isKey ? 1 : 0, selects: isSelect ? 1 : 0 });
    if (started > Number.NEGATIVE_INFINITY) {
      const { leftFrom, leftWhole, leftGap } = this.remains;
      this.exits.push({ at: offset, score: started, from: leftFrom, whole: leftWhole, gapAt: leftGap });
    }
  }

  private reach(item: Candidate, score: number, from: number): void {
    const offset = item.end;
    const other = this.places.get(offset);
    if (other !== undefined && other.score >= score) return;
    const { count, keys, selects, since, rival } = this.places.get(from) as Place;
    const on = { keys: keys + (item.isKey ? 1 : 0), selects: selects + (item.isSelect ? 1 : 0) };
    this.places.set(offset, {
      score,
      from,
      by: item.last ? 'end' : 'item',
      count,
      ...on,
      whole: false,
      gapAt: -1,
      since,
      rival,
    });
    if (other !== undefined) return;
    let index = this.ahead.length;
    while (index > 0 && this.ahead[index - 1] > offset) index--;
    this.ahead.splice(index, 0, offset);
  }

  /** Ends the search behind items that are believed: no way that is open and does not lead through them has so much for it. */
  private lookAhead(offset: number): void {
    const { score, since, rival } = this.places.get(offset) as Place;
    const least = score - trustedBits;
    if (since < this.fault || rival > least || this.remains.bestBefore(since) > least) return;
    let end = offset + 1;
    for (const at of this.ahead) {
      const place = this.places.get(at) as Place;
      if (place.score > least && place.since !== since) end = at;
    }
    this.limit = Math.min(end, offset + insideMax);
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
    const { from } = this.remains;
    const best = this.places.get(from);
    if (best === undefined) return;
    append(this.settled, this.traced(from));
    this.places = new Map([[from, { score: best.score, from, by: 'item', ...nothingYet, since: from, rival: 0 }]]);
    this.remains.forgetRows();
    this.ahead = [];
  }

  private best(): Omit<Detour, 'others'> & { readonly goal: Goal | undefined } {
    const { size } = this;
    const best = this.bestAhead();
    const { from: rest } = this.openEnd();
    const torn = best === size && this.places.get(best)?.by === 'item';
    if (best >= 0 && !torn) {
      const goal = { at: best, ...(this.places.get(best) as Place) };
      return { skips: [...this.settled, ...this.traced(best)], goesOn: true, goal };
    }
    const from = torn ? size : rest;
    const last = { from, to: size, head: false, whole: false, gapAt: -1 };
    return { skips: [...this.settled, ...this.traced(from), last], goesOn: false, goal: undefined };
  }

  /** The place behind the search to which the best way leads; -1 where that is still within a skip. */
  private bestAhead(): number {
    let best = -1;
    let most = this.openEnd().score;
    for (const offset of this.ahead) {
      if (offset < this.limit) continue;
      const score = (this.places.get(offset) as Place).score + this.chain(offset).bits;
      if (score <= most) continue;
      most = score;
      best = offset;
    }
    return best;
  }

  /** The best skip that has not ended yet. */
  private openEnd(): { readonly score: number; readonly from: number } {
    const { remains } = this;
    const open = { score: remains.score - startCost, from: remains.from };
    // What the end of the file cuts off is only known where the search has come there.
    const cut = remains.endScore - startCost;
    return this.limit === this.size && cut >= open.score ? { score: cut, from: remains.endFrom } : open;
  }

  /** Ways to `goal`, each with its last skip elsewhere: of those with the same number of keys the best one. */
  private waysBy(goal: Goal): Alternative[] {
    const { exits, places, keyCost } = this;
    const rest = this.restTo(goal.at);
    const byKeys = new Map<number, Alternative>();
    for (const { at, score, from, whole, gapAt } of exits) {
      const on = rest.get(at);
      const before = places.get(from);
      if (on === undefined || before === undefined || before.selects + on.selects !== goal.selects) continue;
      const kept = before.keys + on.keys;
      const keys = kept - goal.keys;
      const more = score + on.bits + keyCost * kept - goal.score;
      if ((byKeys.get(keys)?.score ?? Number.NEGATIVE_INFINITY) >= more) continue;
      byKeys.set(keys, { keys, score: more, skips: () => [...this.traced(from), this.skipTo(from, at, whole, gapAt)] });
    }
    return [...byKeys.values()];
  }

  /** For each place from which items lead to `goal`, one behind the other, what they count for. */
  private restTo(goal: number): ReadonlyMap<number, Omit<Found, 'end'>> {
    const rest = new Map([[goal, { bits: 0, keys: 0, selects: 0 }]]);
    for (const at of [...this.found.keys()].sort((a, b) => b - a)) {
      const { end, bits, keys, selects } = this.found.get(at) as Found;
      const on = rest.get(end);
      if (on !== undefined && at < goal)
        rest.set(at, { bits: bits + on.bits, keys: keys + on.keys, selects: selects + on.selects });
    }
    return rest;
  }

  /** What is skipped on the best way to a place. */
  private traced(offset: number): Skip[] {
    const skips: Skip[] = [];
    for (let at = offset; ; ) {
      const place = this.places.get(at);
      if (place === undefined || place.from === at) return skips.reverse();
      if (place.by === 'skip') skips.push(this.skipTo(place.from, at, place.whole, place.gapAt));
      at = place.from;
    }
  }

  private skipTo(from: number, to: number, whole: boolean, gapAt: number): Skip {
    return { from, to, head: this.candidates.headAt(from) !== undefined, whole, gapAt };
  }
}
