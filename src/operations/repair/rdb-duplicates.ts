import { escapeBinary } from '../../bytes/text.ts';
import type { DuplicateKeys } from '../../rdb/duplicate-keys.ts';
import { RdbInput } from '../../rdb/input.ts';
import { type Fork, Item, RdbReader } from '../../rdb/reader.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';
import type { Region } from './plan.ts';
import type { RdbScanOptions } from './rdb-scan.ts';
import { orderRegions, region } from './regions.ts';

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 18;

/** A record, and whether it lies right beside a bad region: then it may be a part of a damaged value that only looks like one. */
type Place = { readonly from: number; readonly to: number; readonly doubtful: boolean };

/**
 * Reads an RDB a second time, around its bad regions, and gives a region for each record of a key that stands twice but for
 * the one that stays.
 */
export async function findDuplicates(
  suspects: DuplicateKeys,
  bad: readonly Region[],
  header: { readonly magic: string; readonly fork: Fork; readonly version: number },
  end: number,
  options: RdbScanOptions,
): Promise<Region[]> {
  const reader = new RdbReader(new RdbInput(options.sources.reopen(options.index)), { checksum: false });
  if (header.magic === '') reader.readHeader();
  else Object.assign(reader, { fork: header.fork, version: header.version });
  const { input } = reader;
  const skip = new ValueCheck(false, reader.templates, options.seed);
  skip.fork = reader.fork;
  input.trusting = true;
  if (header.magic !== '') input.seek(Math.min(9, options.size));
  const ordered = orderRegions(bad);
  const walk = new RegionWalk(ordered);
  const edges = new Set(
    ordered.filter(({ damage }) => damage).flatMap(({ offset, length }) => [offset, offset + length]),
  );
  const seen = new Map<string, Place>();
  const found: Region[] = [];
  for (let count = 1; ; count++) {
    const at = walk.skipFrom(input.offset);
    if (at >= end) return found;
    if (at !== input.offset) input.seek(at);
    const item = reader.next();
    if (item === Item.end) return found;
    if (item !== Item.key) continue;
    const from = reader.itemOffset;
    const id = suspects.isCandidate(reader.key, reader.keyLength, reader.db)
      ? `${reader.db} ${reader.key.latin1Slice(0, reader.keyLength)}`
      : undefined;
    checkValue(input, reader.type, skip);
    const to = input.offset;
    const doubtful = edges.has(from) || edges.has(to);
    if (id !== undefined) note(id, { from, to, doubtful }, seen, found, options);
    if (count % itemsBetweenPauses === 0) await options.pause();
  }
}

function note(id: string, place: Place, seen: Map<string, Place>, found: Region[], options: RdbScanOptions): void {
  const first = seen.get(id);
  if (first === undefined) {
    seen.set(id, place);
    return;
  }
  const keepsFirst = first.doubtful === place.doubtful ? options.duplicates === 'first' : place.doubtful;
  const goes = keepsFirst ? place : first;
  if (!keepsFirst) seen.set(id, place);
  const name = id.slice(id.indexOf(' ') + 1);
  const stays = keepsFirst ? 'first' : 'last';
  const reason = `the key stands at offsets ${first.from} and ${place.from}; the ${stays} one stays`;
  const more = { damage: false, keys: 1, touched: [escapeBinary(name, 128)] };
  found.push(region(goes.from, goes.to - goes.from, 'rdb.key.duplicate', reason, more));
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
