import { doubleArgument, integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { decodeScore, encodeScore, isOnMap, type Position } from '../../values/geo.ts';
import { centerOf, type Match, type Shape, searchArea } from '../../values/geo-search.ts';
import { SortedSetValue } from '../../values/sorted-set.ts';
import { Kind } from '../../values/value.ts';
import { notFloat, notInteger, syntaxError } from '../replies.ts';
import type { Session } from '../session.ts';
import type { Family } from './family.ts';

/** GEOADD key [NX|XX] [CH] longitude latitude member ... */
function add(session: Session, frame: CommandView): string | undefined {
  let onlyNew = false;
  let onlyExisting = false;
  let first = 2;
  for (; first < frame.argc; first++) {
    if (isWord(frame, first, 'NX')) onlyNew = true;
    else if (isWord(frame, first, 'XX')) onlyExisting = true;
    else if (!isWord(frame, first, 'CH')) break;
  }
  const count = (frame.argc - first) / 3;
  if (!Number.isInteger(count) || (onlyNew && onlyExisting)) return syntaxError;
  const scores: number[] = [];
  for (let i = 0; i < count; i++) {
    const position = positionArgument(frame, first + 3 * i);
    if (typeof position === 'string') return position;
    scores.push(encodeScore(position));
  }
  // What is left is ZADD, which wants at least one pair.
  if (count === 0) return syntaxError;
  let set = session.read<SortedSetValue>(frame, 1, Kind.SortedSet);
  if (typeof set === 'string') return set;
  if (set === undefined) {
    if (onlyExisting) return undefined;
    set = SortedSetValue.of([], session.rules.keepsNegativeZero);
    session.add(frame, 1, set);
  }
  for (const [i, score] of scores.entries()) {
    const member = frame.text(first + 3 * i + 2);
    const known = (onlyNew || onlyExisting) && set.score(member) !== undefined;
    if (onlyNew ? !known : !onlyExisting || known) set.set(member, score);
  }
  return undefined;
}

/** Longitude and latitude at arguments `index` and `index + 1`, or the error reply. */
function positionArgument(frame: CommandView, index: number): Position | string {
  const longitude = doubleArgument(frame, index);
  const latitude = doubleArgument(frame, index + 1);
  if (Number.isNaN(longitude) || Number.isNaN(latitude)) return notFloat;
  if (isOnMap(longitude, latitude)) return { longitude, latitude };
  return `ERR invalid longitude,latitude pair ${longitude.toFixed(6)},${latitude.toFixed(6)}`;
}

/** Meters in a unit, or the error reply. */
function unitArgument(frame: CommandView, index: number): number | string {
  if (isWord(frame, index, 'M')) return 1;
  if (isWord(frame, index, 'KM')) return 1000;
  if (isWord(frame, index, 'FT')) return 0.3048;
  return isWord(frame, index, 'MI') ? 1609.34 : 'ERR unsupported unit provided. please use M, KM, FT, MI';
}

/** What a search command asks for. */
class Search {
  source: SortedSetValue | undefined;
  center: Position | undefined;
  hasCenter = false;
  /** The shape around a center that may only follow. */
  shapeAround: ((center: Position) => Shape) | undefined;
  unit = 1;
  /** 0 for all. */
  count = 0;
  any = false;
  order: 'none' | 'ascending' | 'descending' = 'none';
  /** Argument that names the destination, 0 for none. */
  destination = 0;
  storesDistance = false;
  repliesMore = false;
}

/** Length and unit at `index`: sets the unit, returns the length in that unit or the error reply. */
function radiusArgument(frame: CommandView, index: number, search: Search): number | string {
  const radius = doubleArgument(frame, index);
  if (Number.isNaN(radius)) return 'ERR need numeric radius';
  if (radius < 0) return 'ERR radius cannot be negative';
  const unit = unitArgument(frame, index + 1);
  if (typeof unit === 'string') return unit;
  search.unit = unit;
  const meters = radius * unit;
  search.shapeAround = (center) => ({ form: 'circle', center, radius: meters });
  return 0;
}

/** The position of the source's member at `index`, or the error reply. */
function memberPosition(frame: CommandView, index: number, source: SortedSetValue): Position | string {
  const score = source.score(frame.text(index));
  return score === undefined ? 'ERR could not decode requested zset member' : decodeScore(score);
}

/** GEORADIUS key longitude latitude radius unit [options] */
function radius(session: Session, frame: CommandView): string | undefined {
  return searchAround(session, frame, 6, (search) => {
    const center = positionArgument(frame, 2);
    if (typeof center === 'string') return center;
    search.center = center;
    return undefined;
  });
}

/** GEORADIUSBYMEMBER key member radius unit [options] */
function radiusByMember(session: Session, frame: CommandView): string | undefined {
  return searchAround(session, frame, 5, (search) => {
    if (search.source === undefined) return undefined;
    const center = memberPosition(frame, 2, search.source);
    if (typeof center === 'string') return center;
    search.center = center;
    return undefined;
  });
}

function searchAround(
  session: Session,
  frame: CommandView,
  first: number,
  findCenter: (search: Search) => string | undefined,
): string | undefined {
  const search = new Search();
  const source = session.read<SortedSetValue>(frame, 1, Kind.SortedSet);
  if (typeof source === 'string') return source;
  search.source = source;
  const failed = findCenter(search);
  if (failed !== undefined) return failed;
  // Around a member of no key a server does not look at the radius, so a faulty one is no error.
  if (search.center !== undefined) {
    const radius = radiusArgument(frame, first - 2, search);
    if (typeof radius === 'string') return radius;
  }
  for (let index = first; index < frame.argc; ) {
    const used = commonOption(frame, index, search) ?? storeOption(frame, index, search);
    if (typeof used === 'string') return used;
    if (used === undefined) return syntaxError;
    index += used;
  }
  if (search.destination > 0 && search.repliesMore) {
    return 'ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options';
  }
  return store(session, frame, search);
}

function storeOption(frame: CommandView, index: number, search: Search): number | undefined {
  const distances = isWord(frame, index, 'STOREDIST');
  if (index + 1 >= frame.argc || !(distances || isWord(frame, index, 'STORE'))) return undefined;
  search.destination = index + 1;
  search.storesDistance = distances;
  return 2;
}

/** The number of arguments used, an error reply, or undefined where the word is no such option. */
function commonOption(frame: CommandView, index: number, search: Search): number | string | undefined {
  if (isWord(frame, index, 'ASC')) search.order = 'ascending';
  else if (isWord(frame, index, 'DESC')) search.order = 'descending';
  else if (isWord(frame, index, 'ANY')) search.any = true;
  else if (isWord(frame, index, 'WITHDIST') || isWord(frame, index, 'WITHHASH') || isWord(frame, index, 'WITHCOORD')) {
    search.repliesMore = true;
  } else if (isWord(frame, index, 'COUNT') && index + 1 < frame.argc) {
    search.count = integerArgument(frame, index + 1);
    if (Number.isNaN(search.count)) return notInteger;
    return search.count > 0 ? 2 : 'ERR COUNT must be > 0';
  } else return undefined;
  return 1;
}

/** GEOSEARCHSTORE destination source FROM... BY... [options] */
function searchStore(session: Session, frame: CommandView): string | undefined {
  const search = new Search();
  const source = session.read<SortedSetValue>(frame, 2, Kind.SortedSet);
  if (typeof source === 'string') return source;
  search.source = source;
  search.destination = 1;
  for (let index = 3; index < frame.argc; ) {
    const used = commonOption(frame, index, search) ?? placeOption(session, frame, index, search);
    if (typeof used === 'string') return used;
    if (used === undefined) return syntaxError;
    index += used;
  }
  if (search.repliesMore) {
    return 'ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options';
  }
  if (!search.hasCenter) return 'ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearchstore';
  if (!search.shapeAround) return 'ERR exactly one of BYRADIUS and BYBOX can be specified for geosearchstore';
  return store(session, frame, search);
}

function placeOption(session: Session, frame: CommandView, index: number, search: Search): number | string | undefined {
  const more = frame.argc - 1 - index;
  if (isWord(frame, index, 'STOREDIST')) {
    search.storesDistance = true;
    return 1;
  }
  if (more >= 1 && !search.hasCenter && isWord(frame, index, 'FROMMEMBER')) {
    return centerOption(search, search.source && memberPosition(frame, index + 1, search.source), 2);
  }
  if (more >= 2 && !search.hasCenter && isWord(frame, index, 'FROMLONLAT')) {
    return centerOption(search, positionArgument(frame, index + 1), 3);
  }
  if (search.shapeAround) return undefined;
  if (more >= 2 && isWord(frame, index, 'BYRADIUS')) return radiusArgument(frame, index + 1, search) || 3;
  if (more >= 3 && isWord(frame, index, 'BYBOX')) return boxOption(frame, index, search);
  if (session.rules.fork === 'valkey' && !search.hasCenter && isWord(frame, index, 'BYPOLYGON')) {
    return polygonOption(frame, index, search);
  }
  return undefined;
}

function centerOption(search: Search, center: Position | string | undefined, used: number): number | string {
  if (typeof center === 'string') return center;
  search.center = center;
  search.hasCenter = true;
  return used;
}

function boxOption(frame: CommandView, index: number, search: Search): number | string {
  const width = doubleArgument(frame, index + 1);
  const height = doubleArgument(frame, index + 2);
  if (Number.isNaN(width)) return 'ERR need numeric width';
  if (Number.isNaN(height)) return 'ERR need numeric height';
  if (width < 0 || height < 0) return 'ERR height or width cannot be negative';
  const unit = unitArgument(frame, index + 3);
  if (typeof unit === 'string') return unit;
  search.unit = unit;
  search.shapeAround = (center) => ({ form: 'box', center, width: width * unit, height: height * unit });
  return 4;
}

/** BYPOLYGON count longitude latitude ... (Valkey 9): its center is that of its vertices, its unit the meter. */
function polygonOption(frame: CommandView, index: number, search: Search): number | string {
  const count = integerArgument(frame, index + 1);
  if (!(count >= 3)) return 'ERR GEOSEARCH BYPOLYGON must have at least 3 vertices';
  if (index + 1 + 2 * count >= frame.argc) return 'ERR GEOSEARCH BYPOLYGON must have at least 3 vertices';
  const vertices: Position[] = [];
  for (let i = 0; i < count; i++) {
    const vertex = positionArgument(frame, index + 2 + 2 * i);
    if (typeof vertex === 'string') return vertex;
    vertices.push(vertex);
  }
  search.shapeAround = (center) => ({ form: 'polygon', center, vertices });
  return centerOption(search, centerOf(vertices), 2 + 2 * count);
}

/** Searches and stores; a search that does not store changes nothing. */
function store(session: Session, frame: CommandView, search: Search): string | undefined {
  if (search.any && search.count === 0) return 'ERR the ANY argument requires COUNT argument';
  if (search.destination === 0) return undefined;
  const { source, center, count, any } = search;
  let found: Match[] = [];
  if (source && center && search.shapeAround) {
    found = searchArea(source, search.shapeAround(center), any ? count : 0, session.flavor === 'redis-6.2');
  }
  const sorts = search.order !== 'none' || (count > 0 && !any);
  const sign = search.order === 'descending' ? -1 : 1;
  if (sorts) found.sort((a, b) => sign * (a.distance - b.distance));
  if (count > 0 && found.length > count) found.length = count;
  const stored = SortedSetValue.of(
    found.map((match) => [match.member, search.storesDistance ? match.distance / search.unit : match.score]),
    session.rules.keepsNegativeZero,
  );
  session.replace(frame, search.destination, stored);
  return undefined;
}

export const geoFamily: Family = {
  name: 'geo',
  commands: {
    GEOADD: { arity: -5, keys: [1, 1, 1], handler: add },
    // The destination after STORE is a key, too, and no fixed position.
    GEORADIUS: { arity: -6, keys: [1, 1, 1], handler: radius },
    GEORADIUSBYMEMBER: { arity: -5, keys: [1, 1, 1], handler: radiusByMember },
    GEOSEARCHSTORE: { arity: -8, keys: [1, 2, 1], handler: searchStore },
  },
};
