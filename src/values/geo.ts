/**
 * Positions as scores of a sorted set (Redis 3.2), and distances between them.
 *
 * score: 52 bits, from the lowest on: latitude bit 0, longitude bit 0, latitude bit 1, ... of two 26-bit fractions of the ranges
 * -85.05112878..85.05112878 and -180..180 (EPSG:3857).
 */
import { arcSine, cosine, sine } from './geo-trigonometry.ts';

const longitudeMax = 180;
const latitudeMax = 85.05112878;
/** Bits of each axis in a score. */
export const stepMax = 26;

const earthRadius = 6372797.560856;
const radiansPerDegree = Math.PI / 180;

export type Position = { readonly longitude: number; readonly latitude: number };

/** A cell of the grid with 2^step cells on each axis. */
export type Cell = { readonly latitude: number; readonly longitude: number; readonly step: number };

export function isOnMap(longitude: number, latitude: number): boolean {
  return Math.abs(longitude) <= longitudeMax && Math.abs(latitude) <= latitudeMax;
}

/** The cell that the position lies in. */
export function cellOf(position: Position, step: number): Cell {
  const latitude = (position.latitude + latitudeMax) / (latitudeMax * 2);
  const longitude = (position.longitude + longitudeMax) / (longitudeMax * 2);
  return { latitude: Math.floor(latitude * 2 ** step), longitude: Math.floor(longitude * 2 ** step), step };
}

/** The score of a position. */
export function encodeScore(position: Position): number {
  const { latitude, longitude } = cellOf(position, stepMax);
  return interleave(latitude, longitude);
}

/** Lowest score of the cell; the next cell's is `2 ** (52 - 2 * step)` higher. */
export function lowestScore(cell: Cell): number {
  return interleave(cell.latitude, cell.longitude) * 2 ** (2 * (stepMax - cell.step));
}

function interleave(latitude: number, longitude: number): number {
  const low = spread(latitude & 0x1fff) | (spread(longitude & 0x1fff) << 1);
  const high = spread(Math.floor(latitude / 8192)) + spread(Math.floor(longitude / 8192)) * 2;
  return high * 2 ** 26 + low;
}

/** Bits 0..15 moved to the even positions. */
function spread(bits: number): number {
  let out = (bits | (bits << 8)) & 0x00ff00ff;
  out = (out | (out << 4)) & 0x0f0f0f0f;
  out = (out | (out << 2)) & 0x33333333;
  return (out | (out << 1)) & 0x55555555;
}

/** Even bits of the low 32 brought together: the reverse of `spread`. */
function gather(bits: number): number {
  let out = bits & 0x55555555;
  out = (out | (out >> 1)) & 0x33333333;
  out = (out | (out >> 2)) & 0x0f0f0f0f;
  out = (out | (out >> 4)) & 0x00ff00ff;
  return (out | (out >> 8)) & 0xffff;
}

/** The middle of a score's cell. A score that was not made from a position is taken as one, too. */
export function decodeScore(score: number): Position {
  const bits = Math.trunc(score);
  const low = bits % 2 ** 26;
  const high = Math.floor(bits / 2 ** 26);
  const latitude = gather(low) + gather(high) * 8192;
  const longitude = gather(low >>> 1) + gather(high >>> 1) * 8192;
  return middleOf({ latitude, longitude, step: stepMax });
}

function middleOf(cell: Cell): Position {
  const { south, north, west, east } = edgesOf(cell);
  const longitude = Math.min(Math.max((west + east) / 2, -longitudeMax), longitudeMax);
  return { longitude, latitude: Math.min(Math.max((south + north) / 2, -latitudeMax), latitudeMax) };
}

/** The borders of a cell, degrees. */
export function edgesOf({ latitude, longitude, step }: Cell) {
  const cells = 2 ** step;
  return {
    south: -latitudeMax + (latitude / cells) * (latitudeMax * 2),
    north: -latitudeMax + ((latitude + 1) / cells) * (latitudeMax * 2),
    west: -longitudeMax + (longitude / cells) * (longitudeMax * 2),
    east: -longitudeMax + ((longitude + 1) / cells) * (longitudeMax * 2),
  };
}

export function degreesToRadians(degrees: number): number {
  return degrees * radiansPerDegree;
}

/** An arc of so many meters as an angle in degrees, on a circle that is `share` of a great one. */
export function metersToDegrees(meters: number, share = 1): number {
  return meters / earthRadius / share / radiansPerDegree;
}

/** Distance of two latitudes, meters. */
export function latitudeDistance(one: number, other: number): number {
  return earthRadius * Math.abs(degreesToRadians(other) - degreesToRadians(one));
}

/** Great-circle distance by the haversine formula, meters. Up to 6.2 the same longitude was no case of its own. */
export function distance(a: Position, b: Position, simplifies = true): number {
  const v = sine((degreesToRadians(b.longitude) - degreesToRadians(a.longitude)) / 2);
  if (v === 0 && simplifies) return latitudeDistance(a.latitude, b.latitude);
  const aLatitude = degreesToRadians(a.latitude);
  const bLatitude = degreesToRadians(b.latitude);
  const u = sine((bLatitude - aLatitude) / 2);
  return 2 * earthRadius * arcSine(Math.sqrt(u * u + cosine(aLatitude) * cosine(bLatitude) * v * v));
}
