// AssemblyScript. What the values of an RDB add to a digest: the rules are in src/engine/digest.ts and src/engine/values. Each function
// gets the address of a value and returns where it ends; `nowhere` for what is left to JavaScript.

import { elementFirst, elementMix, endElement, messageMost, mix, xor } from './digest-queue';
import { scoreText } from './grisu2';
import { scoreTextAt, windowEnd } from './layout';
import { elementEnd, listpackElements, listpackEnd, scoreOf } from './listpack-walk';
import { elementAt, elementLength, textElement } from './listpack-text';
import { decimalAt, decimalLength, decimalText } from './decimal-text';
import { lastNumber, nowhere, numberEnd, textAt, textEnd, textLength } from './rdb-strings';

export function text(from: usize): usize {
  const end = textEnd(from);
  if (end > windowEnd || textLength > messageMost) return nowhere;
  mix(textAt, textLength);
  return end;
}

// ---- lists: each element is mixed in

export function list(from: usize): usize {
  let at = numberEnd(from);
  const nodes = lastNumber();
  if (at > windowEnd || nodes == 0) return nowhere;
  for (let node: u32 = 0; node < nodes; node++) {
    const container = <u32>load<u8>(at++);
    if (container == 1) at = text(at);
    else if (container == 2) at = listNode(at);
    else return nowhere;
    if (at > windowEnd) return nowhere;
  }
  return at;
}

// ---- sets: each member is xored in

export function setListpack(from: usize): usize {
  return listpack(from, false);
}

function listNode(from: usize): usize {
  return listpack(from, true);
}

/** A listpack whose elements count by themselves: in their order or in any. */
function listpack(from: usize, isOrdered: bool): usize {
  const end = textEnd(from);
  if (end > windowEnd) return nowhere;
  const count = listpackElements(textAt, textLength);
  const last = listpackEnd();
  let at = textAt + 6;
  for (let left = count; left > 0; left--) {
    at = textElement(at, last);
    if (at == nowhere || elementLength > messageMost) return nowhere;
    if (isOrdered) mix(elementAt, elementLength);
    else xor(elementAt, elementLength);
  }
  return count > 0 && at == last ? end : nowhere;
}

export function setStrings(from: usize): usize {
  let at = numberEnd(from);
  const count = lastNumber();
  if (at > windowEnd || count == 0) return nowhere;
  for (let left = count; left > 0; left--) {
    at = textEnd(at);
    if (at > windowEnd || textLength > messageMost) return nowhere;
    xor(textAt, textLength);
  }
  return at;
}

export function intset(from: usize): usize {
  const end = textEnd(from);
  if (end > windowEnd || textLength < 8) return nowhere;
  const width = <usize>load<u32>(textAt);
  const bytes = textLength - 8;
  if ((width != 2 && width != 4 && width != 8) || bytes == 0 || <usize>load<u32>(textAt, 4) * width != bytes) return nowhere;
  const unused: i64 = 64 - (<i64>width << 3);
  const last = textAt + textLength;
  for (let at = textAt + 8; at < last; at += width) {
    decimalText((load<i64>(at) << unused) >> unused);
    xor(decimalAt, decimalLength);
  }
  return end;
}

// ---- hashes and sorted sets: each pair is an element of its own

export function hashListpack(from: usize): usize {
  const end = textEnd(from);
  if (end > windowEnd) return nowhere;
  const count = listpackElements(textAt, textLength);
  const last = listpackEnd();
  let at = textAt + 6;
  if (count == 0 || count % 2 != 0) return nowhere;
  for (let left = count; left > 0; left -= 2) {
    at = textElement(at, last);
    if (at == nowhere || elementLength > messageMost) return nowhere;
    elementFirst(elementAt, elementLength);
    at = textElement(at, last);
    if (at == nowhere || elementLength > messageMost) return nowhere;
    elementMix(elementAt, elementLength);
    endElement();
  }
  return at == last ? end : nowhere;
}

export function hashStrings(from: usize): usize {
  let at = numberEnd(from);
  const count = lastNumber();
  if (at > windowEnd || count == 0) return nowhere;
  for (let left = count; left > 0; left--) {
    at = textEnd(at);
    if (at > windowEnd || textLength > messageMost) return nowhere;
    elementFirst(textAt, textLength);
    at = textEnd(at);
    if (at > windowEnd || textLength > messageMost) return nowhere;
    elementMix(textAt, textLength);
    endElement();
  }
  return at;
}

export function scoredListpack(from: usize): usize {
  const end = textEnd(from);
  if (end > windowEnd) return nowhere;
  const count = listpackElements(textAt, textLength);
  const last = listpackEnd();
  let at = textAt + 6;
  if (count == 0 || count % 2 != 0) return nowhere;
  for (let left = count; left > 0; left -= 2) {
    at = textElement(at, last);
    if (at == nowhere || elementLength > messageMost) return nowhere;
    elementMix(elementAt, elementLength);
    const next = elementEnd(at, last);
    if (next == nowhere || !endScored(scoreOf(at))) return nowhere;
    at = next;
  }
  return at == last ? end : nowhere;
}

export function scoredStrings(from: usize): usize {
  let at = numberEnd(from);
  const count = lastNumber();
  if (at > windowEnd || count == 0) return nowhere;
  for (let left = count; left > 0; left--) {
    at = textEnd(at);
    if (at + 8 > windowEnd || textLength > messageMost) return nowhere;
    elementMix(textAt, textLength);
    if (!endScored(load<f64>(at))) return nowhere;
    at += 8;
  }
  return at;
}

/** False for a score that JavaScript must judge: a NaN and a -0. */
function endScored(score: f64): bool {
  if (score != score || reinterpret<u64>(score) == 0x8000000000000000) return false;
  elementMix(scoreTextAt, scoreText(score));
  endElement();
  return true;
}
