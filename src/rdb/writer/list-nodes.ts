/**
 * How a server deals a list out over nodes when its elements are pushed to the tail one by one.
 *
 *   3.2 to 6.2  ziplists     a node takes an element while  bytes + element + its overhead <= 8192
 *   7.0         listpacks    bytes + element + 8 <= 8192;  an element of 1 GiB gets a plain node
 *   7.2         the same, but the list begins as a single listpack while  bytes + element <= 8192
 *   7.4         the same, and an element above 8192 bytes gets a plain node (Valkey: 8.0)
 *
 * Source: _quicklistNodeAllowInsert in quicklist.c, listTypeTryConversionAppend in t_list.c of the releases.
 */

import { canonicalInteger, integerTextMax, shortInteger } from '../../encodings/integer-text.ts';
import { backlenWidth, isThreshold } from '../../encodings/listpack-entry.ts';
import { compactLimits } from '../../servers/compact-limits.ts';
import type { Target } from '../../servers/targets.ts';
import type { ListValue } from '../../values/list.ts';

/** Stands in place of a node's count for a node that is one plain element. */
export const plainNode = -1;

const listpackFrameBytes = 7;
const listpackOverheadEstimate = 8;
const ziplistFrameBytes = 11;

/** Elements of each node, or `plainNode`. */
export function listNodes(list: ListValue, target: Target): number[] {
  return target.listForm === 'quicklist' ? ziplistNodes(list) : listpackNodes(list, target);
}

function listpackNodes(list: ListValue, target: Target): number[] {
  const limit = compactLimits.listNodeBytes;
  const { count } = list;
  const nodes: number[] = [];
  let inNode = 0;
  let bytes = listpackFrameBytes;
  let overhead = target.listForm === 'listpack-first' ? 0 : listpackOverheadEstimate;
  for (let index = 0; index < count; index++) {
    const element = list.at(index);
    const isPlain = element.length >= target.plainElementMin;
    if (inNode > 0 && (isPlain || bytes + element.length + overhead > limit)) {
      nodes.push(inNode);
      inNode = 0;
      bytes = listpackFrameBytes;
      overhead = listpackOverheadEstimate;
    }
    if (isPlain) {
      nodes.push(plainNode);
      overhead = listpackOverheadEstimate;
      continue;
    }
    bytes += listpackElementBytes(element, target);
    inNode++;
  }
  if (inNode > 0) nodes.push(inNode);
  return nodes;
}

function listpackElementBytes(text: string, target: Target): number {
  const data = listpackDataBytes(text);
  const isShorter = target.backlenThreshold === 'inclusive' && isThreshold(data);
  return data + backlenWidth(data) - (isShorter ? 1 : 0);
}

function listpackDataBytes(text: string): number {
  const { length } = text;
  if (length <= integerTextMax) {
    const value = shortInteger(text);
    if (value >= -8388608 && value <= 8388607) {
      if (value >= 0 && value <= 127) return 1;
      if (value >= -4096 && value <= 4095) return 2;
      return value >= -32768 && value <= 32767 ? 3 : 4;
    }
    if (value >= -2147483648 && value <= 2147483647) return 5;
    if (!Number.isNaN(value) || canonicalInteger(text) !== undefined) return 9;
  }
  if (length < 64) return 1 + length;
  return length < 4096 ? 2 + length : 5 + length;
}

function ziplistNodes(list: ListValue): number[] {
  const { count } = list;
  const nodes: number[] = [];
  let inNode = 0;
  let bytes = ziplistFrameBytes;
  let previous = 0;
  for (let index = 0; index < count; index++) {
    const element = list.at(index);
    const { length } = element;
    const overhead = (length < 254 ? 1 : 5) + ziplistHeadBytes(length);
    if (inNode > 0 && bytes + length + overhead > compactLimits.listNodeBytes) {
      nodes.push(inNode);
      inNode = 0;
      bytes = ziplistFrameBytes;
      previous = 0;
    }
    previous = (previous < 254 ? 1 : 5) + ziplistDataBytes(element);
    bytes += previous;
    inNode++;
  }
  if (inNode > 0) nodes.push(inNode);
  return nodes;
}

function ziplistHeadBytes(length: number): number {
  return length < 64 ? 1 : length < 16384 ? 2 : 5;
}

function ziplistDataBytes(text: string): number {
  const { length } = text;
  if (length <= integerTextMax) {
    const value = shortInteger(text);
    if (value >= -2147483648 && value <= 2147483647) {
      if (value >= 0 && value <= 12) return 1;
      if (value >= -128 && value <= 127) return 2;
      if (value >= -32768 && value <= 32767) return 3;
      return value >= -8388608 && value <= 8388607 ? 4 : 5;
    }
    if (!Number.isNaN(value) || canonicalInteger(text) !== undefined) return 9;
  }
  return ziplistHeadBytes(length) + length;
}
