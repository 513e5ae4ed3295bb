import type { RecordLikelihood } from './likelihood.ts';

/* What the search for a way around damage of an RDB (search.ts) speaks of. */

/** The best way to some place: from where, by an item or by a skip. */
export interface Place {
  readonly score: number;
  readonly from: number;
  readonly by: 'item' | 'end' | 'skip';
  /** Skips on the way. */
  readonly count: number;
  /** Keys and databases on the way. */
  readonly keys: number;
  readonly selects: number;
  /** Of a skip: whether the head of the value that is left out tells that it ends here. */
  readonly whole: boolean;
  /** Of a skip: where the damage seems to be in it; -1 where nothing tells. */
  readonly gapAt: number;
  /** Where the last of them ended, and what spoke best for skipping on there. */
  readonly since: number;
  readonly rival: number;
}

/** Bytes that are no part of any record. */
export interface Skip {
  readonly from: number;
  readonly to: number;
  /** Whether a key begins it, and whether what is known of that key's value tells that it ends where the skip does. */
  readonly head: boolean;
  readonly whole: boolean;
  /** Where the damage seems to be in it; -1 where nothing tells. */
  readonly gapAt: number;
}

/** Another way around damage, that leads to the same place: how many more keys it keeps, and how much more speaks for it. */
export interface Alternative {
  readonly keys: number;
  readonly score: number;
  readonly skips: () => readonly Skip[];
}

/** The way around damage: what is skipped, in order, and whether sound items follow the last skip. */
export interface Detour {
  readonly skips: readonly Skip[];
  readonly goesOn: boolean;
  /** Looks for the best way for each number of keys, with what is known of the file in the end. */
  readonly others: (evidence: RecordLikelihood) => readonly Alternative[];
}

/** Where a way leads, how many keys it keeps, and what speaks for it. */
export interface Goal {
  readonly at: number;
  readonly keys: number;
  readonly selects: number;
  readonly score: number;
}

/** An item that was found, with what it counts for. */
export interface Found {
  readonly end: number;
  readonly bits: number;
  readonly keys: number;
  readonly selects: number;
}

/** A way that goes on with an item behind a skip. */
export interface Exit {
  readonly at: number;
  readonly score: number;
  readonly from: number;
  readonly whole: boolean;
  readonly gapAt: number;
}

/** What is known when reading meets damage: see `find`. */
export interface Start {
  readonly passed: readonly number[];
  readonly fault: number;
  readonly boundary: number;
}
