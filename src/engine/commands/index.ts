import { Registry } from '../registry.ts';
import type { Session } from '../session.ts';
import { arrayFamily } from './array.ts';
import { bitmapFamily } from './bitmap.ts';
import { blessFamily } from './bless.ts';
import type { Family } from './family.ts';
import { gcraFamily } from './gcra.ts';
import { genericFamily } from './generic.ts';
import { geoFamily } from './geo.ts';
import { hashFamily } from './hash.ts';
import { hyperloglogFamily } from './hyperloglog.ts';
import { keydbFamily } from './keydb.ts';
import { listFamily } from './list.ts';
import { pathHashFamily } from './path-hash.ts';
import { scriptingFamily } from './scripting.ts';
import { serverFamily } from './server.ts';
import { setFamily } from './set.ts';
import { sortFamily } from './sort.ts';
import { sortedSetFamily } from './sorted-set.ts';
import { streamFamily } from './stream.ts';
import { stringFamily } from './string.ts';
import { vectorSetFamily } from './vector-set.ts';

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
  vectorSetFamily,
  sortFamily,
  scriptingFamily,
  gcraFamily,
  blessFamily,
  pathHashFamily,
  keydbFamily,
];

/** A registry of every family; sessions may share one. */
export function defaultRegistry(): Registry<Session> {
  return new Registry(families);
}
