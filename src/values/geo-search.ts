/**
 * Finding the members of a sorted set in a circle, a box or a polygon, by the cells that a server looks into: what lies outside
 * of them is not found, and the order in which they are visited decides which members `COUNT n ANY` keeps.
 */
import {
  type Cell,
  cellOf,
  decodeScore,
  degreesToRadians,
  distance,
  edgesOf,
  latitudeDistance,
  lowestScore,
  metersToDegrees,
  type Position,
  stepMax,
} from './geo.ts';
import { cosine, sine } from './geo-trigonometry.ts';
import type { SortedSetValue } from './sorted-set.ts';

/** Lengths in meters. */
export type Shape = { readonly center: Position } & (
  | { readonly form: 'circle'; readonly radius: number }
  | { readonly form: 'box'; readonly width: number; readonly height: number }
  | { readonly form: 'polygon'; readonly vertices: readonly Position[] }
);

export type Match = { readonly member: string; readonly score: number; readonly distance: number };

/** Half the length of the equator in the projection that the grid is for, meters. */
const mercatorMax = 20037726.37;

/** The members within the shape, at most `limit` (0 for all), in the order of a server; `old` for one before 7.0. */
export function searchArea(set: SortedSetValue, shape: Shape, limit: number, old: boolean): Match[] {
  const found: Match[] = [];
  let last: Cell | undefined;
  const cells = shape.form === 'polygon' ? [wholeMap] : cellsOf(shape, old);
  for (const [index, cell] of cells.entries()) {
    if (cell === undefined) continue;
    // Around a huge area neighbours are the same cell; the server compares with any but the first one.
    if (last !== undefined && sameCell(last, cell)) continue;
    if (limit > 0 && found.length >= limit) break;
    searchCell(set, cell, shape, limit, !old, found);
    last = index === 0 ? undefined : cell;
  }
  return found;
}

const wholeMap: Cell = { latitude: 0, longitude: 0, step: 0 };

function sameCell(a: Cell, b: Cell): boolean {
  return a.latitude === b.latitude && a.longitude === b.longitude && a.step === b.step;
}

function searchCell(
  set: SortedSetValue,
  cell: Cell,
  shape: Shape,
  limit: number,
  simplifies: boolean,
  found: Match[],
): void {
  const lowest = lowestScore(cell);
  const above = lowest + 2 ** (2 * (stepMax - cell.step));
  const first = set.firstRank((score) => score >= lowest);
  const last = set.firstRank((score) => score >= above) - 1;
  if (last < first) return;
  set.visitRanks(first, last, (member, score) => {
    if (limit > 0 && found.length >= limit) return;
    const meters = distanceWithin(shape, decodeScore(score), simplifies);
    if (meters !== undefined) found.push({ member, score, distance: meters });
  });
}

/** Meters from the center to a position within the shape, undefined for one outside. */
function distanceWithin(shape: Shape, position: Position, simplifies: boolean): number | undefined {
  const { center } = shape;
  if (shape.form === 'polygon') {
    return isInside(shape.vertices, position) ? distance(center, position, simplifies) : undefined;
  }
  if (shape.form === 'box') {
    if (latitudeDistance(position.latitude, center.latitude) > shape.height / 2) return undefined;
    const sameLatitude = { longitude: center.longitude, latitude: position.latitude };
    if (distance(position, sameLatitude, simplifies) > shape.width / 2) return undefined;
    return distance(center, position, simplifies);
  }
  const meters = distance(center, position, simplifies);
  return meters > shape.radius ? undefined : meters;
}

/** Whether a ray from the position crosses the outline an odd number of times. */
function isInside(vertices: readonly Position[], { longitude, latitude }: Position): boolean {
  let inside = false;
  let before = vertices[vertices.length - 1];
  for (const vertex of vertices) {
    if (vertex.latitude > latitude !== before.latitude > latitude) {
      const share = (latitude - vertex.latitude) / (before.latitude - vertex.latitude);
      if (longitude < (before.longitude - vertex.longitude) * share + vertex.longitude) inside = !inside;
    }
    before = vertex;
  }
  return inside;
}

/** The direction of the mean of the vertices as points of a sphere. */
export function centerOf(vertices: readonly Position[]): Position {
  let x = 0;
  let y = 0;
  let z = 0;
  for (const vertex of vertices) {
    const longitude = degreesToRadians(vertex.longitude);
    const latitude = degreesToRadians(vertex.latitude);
    x += cosine(latitude) * cosine(longitude);
    y += cosine(latitude) * sine(longitude);
    z += sine(latitude);
  }
  x /= vertices.length;
  y /= vertices.length;
  z /= vertices.length;
  const degrees = Math.PI / 180;
  return { longitude: Math.atan2(y, x) / degrees, latitude: Math.atan2(z, Math.sqrt(x * x + y * y)) / degrees };
}

type Bounds = { readonly west: number; readonly east: number; readonly south: number; readonly north: number };

/** The cell of the center, then north, south, east, west, north-east, north-west, south-east, south-west; undefined if useless. */
function cellsOf(shape: Shape & { form: 'circle' | 'box' }, old: boolean): (Cell | undefined)[] {
  const bounds = boundsOf(shape, old);
  const { center } = shape;
  const radius = shape.form === 'circle' ? shape.radius : Math.sqrt((shape.width / 2) ** 2 + (shape.height / 2) ** 2);
  let cell = cellOf(center, stepFor(radius, center.latitude));
  const reaches = old ? reachesFarther(cell, center, radius) : reachesPastNeighbours(cell, bounds);
  if (cell.step > 1 && reaches) cell = cellOf(center, cell.step - 1);
  const area = edgesOf(cell);
  const exact = cell.step >= 2;
  const noSouth = exact && area.south < bounds.south;
  const noNorth = exact && area.north > bounds.north;
  const noWest = exact && area.west < bounds.west;
  const noEast = exact && area.east > bounds.east;
  return [
    cell,
    noNorth ? undefined : moved(cell, 1, 0),
    noSouth ? undefined : moved(cell, -1, 0),
    noEast ? undefined : moved(cell, 0, 1),
    noWest ? undefined : moved(cell, 0, -1),
    noNorth || noEast ? undefined : moved(cell, 1, 1),
    noNorth || noWest ? undefined : moved(cell, 1, -1),
    noSouth || noEast ? undefined : moved(cell, -1, 1),
    noSouth || noWest ? undefined : moved(cell, -1, -1),
  ];
}

/**
 * The neighbour, around the map's edge where there is none. A position at 180 degrees lies in a cell behind the last one, and
 * a server brings only the axis back onto the map along which it moves.
 */
function moved({ latitude, longitude, step }: Cell, north: number, east: number): Cell {
  const cells = 2 ** step;
  const around = (cell: number, by: number) => (by === 0 ? cell : (cell + by + cells) % cells);
  return { latitude: around(latitude, north), longitude: around(longitude, east), step };
}

function reachesPastNeighbours(cell: Cell, bounds: Bounds): boolean {
  return (
    edgesOf(moved(cell, 1, 0)).north < bounds.north ||
    edgesOf(moved(cell, -1, 0)).south > bounds.south ||
    edgesOf(moved(cell, 0, 1)).east < bounds.east ||
    edgesOf(moved(cell, 0, -1)).west > bounds.west
  );
}

/** The same by distances from the center, up to 6.2. */
function reachesFarther(cell: Cell, center: Position, radius: number): boolean {
  const { longitude, latitude } = center;
  return [
    { longitude, latitude: edgesOf(moved(cell, 1, 0)).north },
    { longitude, latitude: edgesOf(moved(cell, -1, 0)).south },
    { longitude: edgesOf(moved(cell, 0, 1)).east, latitude },
    { longitude: edgesOf(moved(cell, 0, -1)).west, latitude },
  ].some((edge) => distance(center, edge, false) < radius);
}

/** How fine a grid is needed so that a cell and its neighbours hold the radius, meters. */
function stepFor(radius: number, latitude: number): number {
  if (radius === 0) return stepMax;
  let step = 1;
  for (let range = radius; range < mercatorMax; range *= 2) step++;
  step -= 2;
  if (Math.abs(latitude) > 66) step--;
  if (Math.abs(latitude) > 80) step--;
  return Math.min(Math.max(step, 1), stepMax);
}

function boundsOf(shape: Shape & { form: 'circle' | 'box' }, old: boolean): Bounds {
  const { longitude, latitude } = shape.center;
  const height = shape.form === 'circle' ? shape.radius : shape.height / 2;
  const width = shape.form === 'circle' ? shape.radius : shape.width / 2;
  const latitudeDelta = metersToDegrees(height);
  const farther = latitude < 0 ? latitude - latitudeDelta : latitude + latitudeDelta;
  const edge = old ? latitude : farther;
  const longitudeDelta = metersToDegrees(width, cosine(degreesToRadians(edge)));
  return {
    west: longitude - longitudeDelta,
    east: longitude + longitudeDelta,
    south: latitude - latitudeDelta,
    north: latitude + latitudeDelta,
  };
}
