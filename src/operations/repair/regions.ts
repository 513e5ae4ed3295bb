import { checksumVersionMin } from '../../rdb/opcodes.ts';
import type { Shortage } from './missing.ts';
import { type Cut, emptyTally, type FileScan, type Piece, type Region, type Strategy, type Tally } from './plan.ts';

/** A region with the fields that are mostly the same left to their defaults: damage that goes to quarantine. */
export function region(
  offset: number,
  length: number,
  code: string,
  reason: string,
  more: Partial<Region> = {},
): Region {
  const none: readonly string[] = [];
  return {
    offset,
    length,
    code,
    reason,
    action: 'quarantine',
    damage: true,
    commands: 0,
    keys: 0,
    touched: none,
    ...more,
  };
}

/** The end of the RDB at the front of a file, written anew with a checksum; nothing is lost by it. */
export function rdbEnd({ rdbLength, rdbVersion }: FileScan, code: string, reason: string): Region {
  const length = rdbVersion >= checksumVersionMin ? 9 : 1;
  const more = { action: 'replace', damage: false, replacement: 'rdb-end' } as const;
  return region(rdbLength - length, length, code, reason, more);
}

/** In ascending order; what lies within another region goes with it, what overlaps begins behind it. */
export function orderRegions(regions: readonly Region[]): Region[] {
  const sorted = [...regions].sort((a, b) => a.offset - b.offset || b.length - a.length);
  const result: Region[] = [];
  let end = 0;
  for (const next of sorted) {
    const nextEnd = next.offset + next.length;
    if (next.offset >= end) result.push(next);
    else if (nextEnd > end) result.push({ ...next, offset: end, length: nextEnd - end });
    else continue;
    end = nextEnd;
  }
  return result;
}

/** The regions that a strategy makes of what a reading found. */
export function regionsFor(scan: FileScan, strategy: Strategy): readonly Region[] {
  if (strategy === 'salvage' || scan.cut === undefined) return scan.regions;
  const before = scan.regions.filter(({ offset, damage }) => !damage && offset < (scan.cut as Cut).offset);
  return [...before, cutRegion(scan, scan.cut)];
}

function cutRegion(scan: FileScan, cut: Cut): Region {
  const touched = scan.regions.find(({ offset, damage }) => damage && offset >= cut.offset)?.touched ?? [];
  return region(cut.offset, scan.size - cut.offset, cut.code, cut.reason, {
    commands: scan.commands - cut.commands,
    keys: scan.keys - cut.keys,
    touched,
    ...(cut.inRdb && { replacement: 'rdb-end' as const }),
  });
}

/** What stays and goes with these regions. */
export function tallyOf(scan: FileScan, regions: readonly Region[], { missing, undeclared }: Shortage): Tally {
  const tally = emptyTally();
  for (const { length, action, commands, keys } of regions) {
    if (action !== 'replace') tally.bytesLost += length;
    tally.commandsLost += commands;
    tally.keysLost += keys;
  }
  tally.bytesKept = scan.size - tally.bytesLost;
  tally.commandsKept = scan.commands - tally.commandsLost;
  tally.keysKept = scan.keys - tally.keysLost;
  if (missing.length > 0) tally.missing = missing;
  if (undeclared.length > 0) tally.undeclared = undeclared.length;
  return tally;
}

/** The result from `from` on, piece by piece: what lies outside of the regions, and what stands in the place of some. */
export function piecesOf(size: number, regions: readonly Region[], from = 0): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  for (const { offset, length, replacement } of regions) {
    if (offset < from) continue;
    if (offset > at) pieces.push({ kind: 'copy', offset: at, length: offset - at });
    if (replacement === 'rdb-end') pieces.push({ kind: 'rdb-end' });
    else if (replacement !== undefined) pieces.push({ kind: 'bytes', bytes: replacement });
    at = offset + length;
  }
  if (size > at) pieces.push({ kind: 'copy', offset: at, length: size - at });
  return pieces;
}
