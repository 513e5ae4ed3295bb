import { arrayFamily } from './families/array.ts';
import { bitmapFamily } from './families/bitmap.ts';
import { gcraFamily } from './families/gcra.ts';
import { genericFamily } from './families/generic.ts';
import { geoFamily } from './families/geo.ts';
import { hashFamily } from './families/hash.ts';
import { hyperloglogFamily } from './families/hyperloglog.ts';
import { listFamily } from './families/list.ts';
import { scriptingFamily } from './families/scripting.ts';
import { serverFamily } from './families/server.ts';
import { setFamily } from './families/set.ts';
import { sortFamily } from './families/sort.ts';
import { sortedSetFamily } from './families/sorted-set.ts';
import { streamFamily } from './families/stream.ts';
import { stringFamily } from './families/string.ts';
import type { Family } from './registry.ts';
import { Registry } from './registry.ts';

/** Every command family that the engine can replay. */
export const families: readonly Family[] = [
  stringFamily,
  genericFamily,
  serverFamily,
  listFamily,
  setFamily,
  sortedSetFamily,
  hashFamily,
  streamFamily,
  bitmapFamily,
  hyperloglogFamily,
  geoFamily,
  arrayFamily,
  sortFamily,
  scriptingFamily,
  gcraFamily,
];

/** A registry of every family; sessions may share one. */
export function createRegistry(): Registry {
  return new Registry(families);
}
