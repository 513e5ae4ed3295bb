import { maxOf } from '../../../arrays.ts';
import type { MemberForm, MemberReader } from './recovered-elements.ts';

/*
 * The bytes that a search skips are not all noise: what is left of a damaged collection is a row of members, and what was read of it
 * before the damage is one too.
 *
 *     type key 6 | 05 alpha 04 beta [ damage ] 05 gamma 05 delta | type key …
 *     head         members            gap       members            the next item
 *
 * So a skip may be a torn value: its head, members, a gap, members again. Each member speaks for it as it would for a value that is
 * whole, the count in the head tells where the row ends, and what looks like an item among the members only counts for what it
 * says beyond them.
 */

/** What it costs to go on where nothing says that an item begins. */
export const startCost = 12;
/** What it costs to go on where a value should end that is one string, near to that, and far from it. */
const expectedCost = { agrees: 2, near: 6, far: 16 };
/** What is near: bytes that a common damage takes away or puts in. */
const nearBytes = 64;
/** What it costs that a value is torn where it was read, and to take bytes for members of a value whose head is not known. */
const gapCost = 6;
const rowCost = 5;
/** What it costs that members go on somewhere behind a gap. */
const resumeCost = 3;
/** What it costs that a row ends, by how well its length agrees with the count in the head. */
const endCost = { agrees: 2, near: 5, far: 16, unknown: 12 };
/** A damage of common size takes no more members than this with it. */
const membersLostMax = 64;
const ringSize = 256;
const ringMask = ringSize - 1;

/** A way through a torn value: what speaks for it, where the value began, and how many members it should have and had. */
interface Row {
  readonly score: number;
  readonly from: number;
  /** -1: not known. */
  readonly declared: number;
  readonly seen: number;
  /** Where its members stopped last; -1: nowhere. */
  readonly gapFrom: number;
  /** Bytes in which there are none. */
  readonly gapBytes: number;
}

const rowOf = (
  score: number,
  from: number,
  declared: number,
  seen: number,
  gapFrom: number,
  gapBytes: number,
): Row => ({ score, from, declared, seen, gapFrom, gapBytes });

/** Rows of members of one form, by the place that they have reached. */
class Lane {
  readonly form: MemberForm;
  /** The best row that is open where the search stands, in a gap. */
  gap: Row | undefined;
  private readonly ring: (Row | undefined)[] = new Array(ringSize).fill(undefined);
  private readonly far = new Map<number, Row>();

  constructor(form: MemberForm) {
    this.form = form;
  }

  put(at: number, row: Row, offset: number): void {
    if (at - offset >= ringSize) {
      const other = this.far.get(at);
      if (other === undefined || other.score < row.score) this.far.set(at, row);
      return;
    }
    const other = this.ring[at & ringMask];
    if (other === undefined || other.score < row.score) this.ring[at & ringMask] = row;
  }

  /** The row that has reached `offset`, the place of the search. */
  take(offset: number): Row | undefined {
    const row = this.ring[offset & ringMask];
    this.ring[offset & ringMask] = undefined;
    if (this.far.size === 0) return row;
    const other = this.far.get(offset);
    if (other === undefined) return row;
    this.far.delete(offset);
    return row === undefined || row.score < other.score ? other : row;
  }

  clear(): void {
    this.gap = undefined;
    this.ring.fill(undefined);
    this.far.clear();
  }

  /** What speaks for the best row that is still open and began before `offset`. */
  bestBefore(offset: number): number {
    let most = Number.NEGATIVE_INFINITY;
    const look = (row: Row | undefined) => {
      if (row !== undefined && row.score > most && row.from < offset) most = row.score;
    };
    look(this.gap);
    for (const row of this.ring) look(row);
    for (const row of this.far.values()) look(row);
    return most;
  }
}

/** All that may be skipped where the search stands: where it began, and what speaks for the way with it. */
export class FragmentAlignment {
  /** The best skip of bytes that nothing is known of. */
  score = Number.NEGATIVE_INFINITY;
  from = -1;
  /** The best row that the end of the file cuts off. */
  endScore = Number.NEGATIVE_INFINITY;
  endFrom = -1;
  /** After `leave`: where the skip began with which the search best goes on with an item. */
  leftFrom = -1;
  /** And whether the value that was torn is known to end there. */
  leftWhole = false;
  /** And where its members stopped; -1 where they did not. */
  leftGap = -1;
  private readonly members: MemberReader;
  private readonly checkKernel: readonly Lane[];
  private readonly size: number;
  private readonly arrived: (Row | undefined)[];
  /** Skips that are open behind the head of a torn value. */
  private readonly heads = new Map<number, { readonly score: number; readonly from: number }>();
  /** Where torn values should end that are one string, by where they begin. */
  private readonly expected = new Map<number, number>();

  constructor(members: MemberReader, forms: readonly MemberForm[], size: number) {
    this.members = members;
    this.checkKernel = forms.map((form) => new Lane(form));
    this.arrived = forms.map(() => undefined);
    this.size = size;
  }

  /** Comes to `offset`, one behind the last one. */
  arrive(offset: number): void {
    const { checkKernel, arrived } = this;
    for (let index = 0; index < checkKernel.length; index++) arrived[index] = checkKernel[index].take(offset);
    if (this.heads.size === 0) return;
    const head = this.heads.get(offset);
    if (head === undefined) return;
    this.heads.delete(offset);
    if (head.score > this.score) {
      this.score = head.score;
      this.from = head.from;
    }
  }

  /** What speaks for it that an item begins at `offset` behind what is skipped; `leftFrom` says where that began. */
  leave(offset: number): number {
    const cost = this.costBeside(this.from, offset) ?? startCost;
    this.leftFrom = this.from;
    this.leftWhole = cost < startCost;
    this.leftGap = -1;
    let most = this.score - cost;
    for (let index = 0; index < this.checkKernel.length; index++) {
      most = this.leaveRow(this.arrived[index], offset, 0, most);
      const { gap } = this.checkKernel[index];
      if (gap !== undefined) most = this.leaveRow(gap, offset, offset - gap.gapFrom, most);
    }
    return most;
  }

  private leaveRow(row: Row | undefined, offset: number, gapBytes: number, most: number): number {
    if (row === undefined || row.score <= most) return most;
    const cost = this.costBeside(row.from, offset) ?? costOfEnd(row, gapBytes);
    const score = row.score - cost;
    if (score <= most) return most;
    this.leftFrom = row.from;
    this.leftWhole = cost < startCost;
    this.leftGap = row.gapFrom;
    return score;
  }

  /** What it costs that the value from `from` on ends at `offset`; undefined where its head does not say where it should. */
  private costBeside(from: number, offset: number): number | undefined {
    const end = this.expected.get(from);
    if (end === undefined) return undefined;
    if (end === offset) return expectedCost.agrees;
    return Math.abs(end - offset) <= nearBytes ? expectedCost.near : expectedCost.far;
  }

  /** A skip from `offset` on, where an item ends. */
  open(offset: number, score: number): void {
    if (score <= this.score) return;
    this.score = score;
    this.from = offset;
  }

  /** The same behind the head of a torn value, at `valueAt`. */
  openLater(valueAt: number, from: number, score: number): void {
    const other = this.heads.get(valueAt);
    if (other === undefined || other.score < score) this.heads.set(valueAt, { score, from });
  }

  /** A torn value from `from` on, whose members begin at `at`. */
  openRow(form: MemberForm, at: number, declared: number, from: number, score: number, offset: number): void {
    const batch = this.checkKernel.find((one) => one.form === form);
    if (batch === undefined || at >= this.size) return;
    batch.put(at, rowOf(score, from, declared, 0, -1, 0), offset);
  }

  /** The value from `from` on should end at `end`. */
  expect(from: number, end: number): void {
    this.expected.set(from, end);
  }

  /** Goes on with members at `offset`. */
  go(offset: number): void {
    for (let index = 0; index < this.checkKernel.length; index++)
      this.goIn(this.checkKernel[index], offset, this.arrived[index]);
  }

  private goIn(batch: Lane, offset: number, arrived: Row | undefined): void {
    const { members } = this;
    const { gap } = batch;
    const entered = this.score - rowCost;
    const resumed = gap === undefined ? Number.NEGATIVE_INFINITY : gap.score - resumeCost;
    const restart = Math.max(entered, resumed);
    if (restart === Number.NEGATIVE_INFINITY && arrived === undefined) return;
    const begins = members.read(batch.form, offset);
    if (arrived !== undefined) openGap(batch, arrived, offset);
    if (!begins) {
      if (members.torn && arrived !== undefined) this.end(arrived.score, arrived.from);
      return;
    }
    if (arrived !== undefined && arrived.score >= restart)
      this.step(batch, arrived, arrived.score, arrived.gapBytes, offset);
    else if (members.bits <= 0 || members.bad) return;
    else if (gap !== undefined && resumed >= entered)
      this.step(batch, gap, resumed, gap.gapBytes + offset - gap.gapFrom, offset);
    else this.step(batch, rowOf(entered, this.from, -1, 0, offset, 0), entered, 0, offset);
  }

  /** Takes `row` over the member that was just read. */
  private step(batch: Lane, row: Row, before: number, gapBytes: number, offset: number): void {
    const { bits, end, bad } = this.members;
    const score = before + bits - (bad ? gapCost : 0);
    const { from, declared, seen, gapFrom } = row;
    const rival = Math.max(this.score - rowCost, (batch.gap?.score ?? Number.NEGATIVE_INFINITY) - resumeCost);
    if (score <= rival) return;
    if (end >= this.size) this.end(score, from);
    else batch.put(end, rowOf(score, from, declared, seen + 1, bad ? offset : gapFrom, gapBytes), offset);
  }

  private end(score: number, from: number): void {
    if (score <= this.endScore) return;
    this.endScore = score;
    this.endFrom = from;
  }

  /** What speaks for the best torn value that is still open and began before `offset`. */
  bestBefore(offset: number): number {
    return maxOf(this.checkKernel.map((batch) => batch.bestBefore(offset)));
  }

  /** Only the skip stays open of which nothing is known. */
  forgetRows(): void {
    for (const batch of this.checkKernel) batch.clear();
    this.expected.clear();
    this.heads.clear();
  }
}

function openGap(batch: Lane, { score, from, declared, seen, gapBytes }: Row, offset: number): void {
  if (score - gapCost <= (batch.gap?.score ?? Number.NEGATIVE_INFINITY)) return;
  batch.gap = rowOf(score - gapCost, from, declared, seen, offset, gapBytes);
}

/** What it costs that a row ends; `gapBytes`: those of a gap that is still open. */
function costOfEnd(row: Row, gapBytes: number): number {
  const { declared, seen, gapFrom } = row;
  if (declared < 0) return endCost.unknown;
  const missing = declared - seen;
  // A row without a gap was torn all the same, somewhere where it still reads as one.
  if (gapFrom < 0) return gapCost + (Math.abs(missing) <= membersLostMax ? endCost.near : endCost.far);
  const most = membersLostMax + row.gapBytes + gapBytes;
  if (missing >= 0 && missing <= most) return gapBytes > 0 ? endCost.near : endCost.agrees;
  return missing < 0 && missing >= -membersLostMax ? endCost.near : endCost.far;
}
