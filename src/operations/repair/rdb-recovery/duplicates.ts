import type { Sources } from '../../../dataset/sources.ts';
import { escapeBinary } from '../../../io/text.ts';
import type { DuplicateKeys } from '../../../rdb/duplicate-keys.ts';
import { RdbInput } from '../../../rdb/input.ts';
import { saysOfLastKey } from '../../../rdb/product.ts';
import { Item, RdbReader } from '../../../rdb/reader.ts';
import { ValueCheck } from '../../../rdb/value-check.ts';
import { checkValue } from '../../../rdb/value-types.ts';
import type { Fork } from '../../../servers/value-type-id.ts';
import type { Duplicates, Region } from '../plan.ts';
import { orderRegions, region } from '../regions.ts';

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 18;

/** Items in a sequence of which none is doubted for its neighbours' sake. */
const runMax = 16;

/** What to look through, and which record of a key stays. */
export interface DuplicateSearch {
  readonly sources: Sources;
  readonly index: number;
  readonly size: number;
  readonly duplicates: Duplicates;
  readonly seed: number;
  readonly pause: () => Promise<void>;
}

/** A record of a key that may stand twice. `run`: the sound items in an unbroken sequence to which it belongs. */
interface Place {
  readonly key: string;
  readonly db: number;
  readonly expires: boolean;
  readonly from: number;
  to: number;
  readonly run: { length: number };
  /** What is said of the key in front of another item before it: it goes with the key, or it would be said of the next one. */
  readonly prefixes: readonly { readonly offset: number; readonly length: number }[];
}

/** A record that goes: its bytes, its database, and whether it has an expiry. */
export interface Duplicate {
  readonly regions: readonly Region[];
  readonly db: number;
  readonly expires: boolean;
}

/**
 * Reads an RDB a second time, around its bad regions, and gives a region for each record of a key that stands twice but for
 * the one that stays.
 */
export async function findDuplicates(
  suspects: DuplicateKeys,
  bad: readonly Region[],
  header: { readonly magic: string; readonly fork: Fork; readonly version: number },
  end: number,
  options: DuplicateSearch,
): Promise<Duplicate[]> {
  const reader = new RdbReader(new RdbInput(options.sources.reopen(options.index)), { checksum: false });
  if (header.magic === '') reader.readHeader();
  else Object.assign(reader, { fork: header.fork, version: header.version });
  const { input } = reader;
  const skip = new ValueCheck(false, reader.templates, options.seed);
  skip.ofFormat(reader);
  input.trusting = true;
  if (header.magic !== '') input.seek(Math.min(9, options.size));
  const walk = new RegionWalk(orderRegions(bad));
  const places: Place[] = [];
  let run = { length: 0 };
  let last: Place | undefined;
  for (let count = 1; ; count++) {
    const at = walk.skipFrom(input.offset);
    if (at >= end) break;
    if (at !== input.offset) {
      input.seek(at);
      run = { length: 0 };
    }
    const item = reader.next();
    run.length++;
    if (item === Item.end) break;
    // What is said of a key behind it goes with it.
    if (item === Item.aux && last !== undefined && saysOfLastKey(reader.auxName)) last.to = input.offset;
    if (item !== Item.key) continue;
    last = undefined;
    const key = suspects.isCandidate(reader.key, reader.keyLength, reader.db)
      ? `${reader.db} ${reader.key.latin1Slice(0, reader.keyLength)}`
      : undefined;
    const place = { db: reader.db, expires: !Number.isNaN(reader.expire), from: reader.itemOffset };
    checkValue(input, reader.type, skip);
    const prefixes = reader.detached ? [...reader.prefixes] : [];
    if (key !== undefined) places.push((last = { ...place, key, to: input.offset, run, prefixes }));
    if (count % itemsBetweenPauses === 0) await options.pause();
  }
  return superfluous(places, options.duplicates);
}

/** What stands for each record but the one of its key that stays. */
function superfluous(places: readonly Place[], wanted: Duplicates): Duplicate[] {
  const seen = new Map<string, Place>();
  const found: Duplicate[] = [];
  for (const place of places) {
    const first = seen.get(place.key);
    const keepsFirst = first !== undefined && isBetter(first, place, wanted);
    if (!keepsFirst) seen.set(place.key, place);
    if (first === undefined) continue;
    const goes = keepsFirst ? place : first;
    const stays = keepsFirst ? 'first' : 'last';
    const reason = `the key stands at offsets ${first.from} and ${place.from}; the ${stays} one stays`;
    const name = place.key.slice(place.key.indexOf(' ') + 1);
    const more = { damage: false, keys: 1, touched: [escapeBinary(name, 128)] };
    const regions = [region(goes.from, goes.to - goes.from, 'rdb.key.duplicate', reason, more)];
    for (const { offset, length } of goes.prefixes) {
      regions.push(region(offset, length, 'rdb.key.duplicate', reason, { damage: false }));
    }
    found.push({ regions, db: goes.db, expires: goes.expires });
  }
  return found;
}

/**
 * Of two records of one key that both lie among many sound items, the wish decides. One among a few between bad bytes may be a part
 * of a damaged value that only looks like a record.
 */
function isBetter(first: Place, second: Place, wanted: Duplicates): boolean {
  const [one, other] = [Math.min(first.run.length, runMax), Math.min(second.run.length, runMax)];
  return one === other ? wanted === 'first' : one > other;
}

/** Leads a reading around regions in ascending order. */
class RegionWalk {
  private readonly regions: readonly Region[];
  private index = 0;

  constructor(regions: readonly Region[]) {
    this.regions = regions;
  }

  /** `offset`, or the end of the regions that begin there. */
  skipFrom(offset: number): number {
    let at = offset;
    for (; this.index < this.regions.length && this.regions[this.index].offset <= at; this.index++) {
      const { offset: from, length } = this.regions[this.index];
      at = Math.max(at, from + length);
    }
    return at;
  }
}
