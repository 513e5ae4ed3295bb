// AssemblyScript. The hashes of a digest, gathered and computed many at a time, as src/checksum/sha1-queue.ts does it and explains it. A key
// that turns out not to be for the lane is taken back.

import { memberPrint } from './fingerprint';
import {
  knownTextsAt,
  messageBytes,
  messagesAt,
  recordCount,
  recordsAt,
  slotCount,
  slotsAt,
} from './digest-layout';
import { sha1Chains, sha1Messages } from './sha1';

/** Slot 0 is the total; keys' slots follow, then elements'; the last two are for a hash that is computed at once. */
const firstKeySlot: u32 = 1;
const firstElementSlot: u32 = slotCount / 2;
const spareSlot: u32 = slotCount - 2;
/** Records of messages come first, then those of elements, then those of keys. */
const firstElementRecord: u32 = recordCount / 2;
const firstKeyRecord: u32 = (recordCount / 4) * 3;
const spareRecord: u32 = recordCount - 1;
/** A longer message would hold up three lanes of four. */
export const messageMost: usize = 8192;
/** So much of the messages' room is for a hash that is computed at once. */
const spareBytes: usize = 64;

let filled: usize = 0;
let messages: u32 = 0;
let elementRecord: u32 = firstElementRecord;
let keyRecord: u32 = firstKeyRecord;
let keyStart: u32 = firstKeySlot;
let keySlot: u32 = firstKeySlot;
let elementStart: u32 = firstElementSlot;
let elementSlot: u32 = firstElementSlot;
/** Nothing of the open element is there yet. */
let elementIsNew = true;

/** How things stood when the key began, or after the last run if that was later. */
let filledBefore: usize = 0;
let messagesBefore: u32 = 0;
let elementRecordBefore: u32 = firstElementRecord;
let keySlotBefore: u32 = firstKeySlot;
let elementSlotBefore: u32 = firstElementSlot;

// ---- what a key is made of

/** A key has begun that has not ended. */
let keyIsOpen = false;

export function beginKey(): void {
  keyIsOpen = true;
  noteState();
}

function noteState(): void {
  filledBefore = filled;
  messagesBefore = messages;
  elementRecordBefore = elementRecord;
  keySlotBefore = keySlot;
  elementSlotBefore = elementSlot;
}

/** As if the key had not begun. */
export function takeBackKey(): void {
  if (!keyIsOpen) return;
  keyIsOpen = false;
  clearSlots(keySlotBefore, keySlot);
  clearSlots(elementSlotBefore, elementSlot);
  filled = filledBefore;
  messages = messagesBefore;
  elementRecord = elementRecordBefore;
  keyStart = keySlot = keySlotBefore;
  elementStart = elementSlot = elementSlotBefore;
  elementIsNew = true;
}

function clearSlots(first: u32, last: u32): void {
  memory.fill(slotsAt + <usize>first * 20, 0, <usize>(last - first + 1) * 20);
}

export function mix(from: usize, length: usize): void {
  add(from, length, false);
  keySlot++;
}

export function mixHash(known: usize): void {
  xorHash(known);
  keySlot++;
}

export function xor(from: usize, length: usize): void {
  add(from, length, false);
}

export function xorHash(known: usize): void {
  makeRoom(0);
  xorInto(slotsAt + <usize>keySlot * 20, known);
}

/** The first part of an element: fields' names come again and again. */
export function elementFirst(from: usize, length: usize): void {
  makeRoom(length);
  const known = elementIsNew ? knownChain(from, length) : 0;
  if (known != 0) xorInto(slotsAt + <usize>elementSlot * 20, known);
  else elementMix(from, length);
  elementIsNew = false;
}

export function elementMix(from: usize, length: usize): void {
  add(from, length, true);
  elementSlot++;
}

export function endElement(): void {
  makeRoom(0);
  const slot = elementSlot + 1;
  chain(elementRecord++, elementStart, slot, keySlot);
  elementStart = elementSlot = slot;
  elementIsNew = true;
}

export function endKey(): void {
  makeRoom(0);
  const slot = keySlot + 1;
  chain(keyRecord++, keyStart, slot, 0);
  keyStart = keySlot = slot;
  keyIsOpen = false;
}

// ---- messages

function add(from: usize, length: usize, ofElement: bool): void {
  makeRoom(length);
  const to = messagesAt + filled;
  if (length <= 64) {
    for (let done: usize = 0; done < length; done += 16) v128.store(to + done, v128.load(from + done));
  } else memory.copy(to, from, length);
  const record = recordsAt + <usize>messages * 12;
  messages++;
  store<u32>(record, <u32>to);
  store<u32>(record, <u32>length, 4);
  store<u32>(record, ofElement ? elementSlot : keySlot, 8);
  filled += (length + 72) & ~63;
}

function chain(number: u32, start: u32, end: u32, target: u32): void {
  const record = recordsAt + <usize>number * 12;
  store<u32>(record, start);
  store<u32>(record, end - start, 4);
  store<u32>(record, target, 8);
}

// @ts-ignore: decorator
@inline
function xorInto(slot: usize, known: usize): void {
  v128.store(slot, v128.xor(v128.load(slot), v128.load(known)));
  store<u32>(slot, load<u32>(slot, 16) ^ load<u32>(known, 16), 16);
}

// ---- first parts of elements that were seen often
//
//   known text, 64 bytes:  u32 how often it was seen | u32 its length | 16 bytes of it | 20 bytes: what a chain comes to that begins with it

const knownMask: u32 = 1023;
const knownBytes: usize = 64;
const knownLengthMax: usize = 16;
/** How often a text must be seen before its chain is computed on its own, which takes as long as four. */
const seenEnough: u32 = 8;

/** Where the state lies that a chain has after this text; 0 where that is not known. */
function knownChain(from: usize, length: usize): usize {
  if (length > knownLengthMax || length == 0) return 0;
  const known = knownTextsAt + <usize>(<u32>(memberPrint(from, length) >> 40) & knownMask) * knownBytes;
  let text = v128.load(from);
  if (length < 16) text = v128.and(text, v128.load(maskAt + 16 - length));
  if (load<u32>(known, 4) != <u32>length || v128.any_true(v128.xor(text, v128.load(known, 8)))) {
    store<u32>(known, 1);
    store<u32>(known, <u32>length, 4);
    v128.store(known, text, 8);
    return 0;
  }
  const seen = load<u32>(known);
  if (seen > seenEnough) return known + 24;
  store<u32>(known, seen + 1);
  if (seen < seenEnough) return 0;
  computeChain(from, length, known + 24);
  return known + 24;
}

/** Sixteen bytes of ones, then sixteen of zeros. */
const maskAt: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

function computeChain(from: usize, length: usize, to: usize): void {
  const message = messagesAt + messageBytes - spareBytes;
  memory.copy(message, from, length);
  clearSlots(spareSlot, spareSlot + 1);
  const record = recordsAt + <usize>spareRecord * 12;
  store<u32>(record, <u32>message);
  store<u32>(record, <u32>length, 4);
  store<u32>(record, spareSlot, 8);
  sha1Messages(record, 1, slotsAt);
  chain(spareRecord, spareSlot, spareSlot + 1, spareSlot + 1);
  sha1Chains(record, 1, slotsAt);
  memory.copy(to, slotsAt + <usize>(spareSlot + 1) * 20, 20);
}

// ---- the three rounds

/** Room for one more message of this length, one more slot and one more record of each kind, and for ending what is open. */
// @ts-ignore: decorator
@inline
function makeRoom(length: usize): void {
  if (
    filled + length + 72 > messageBytes - spareBytes ||
    messages >= firstElementRecord ||
    elementRecord >= firstKeyRecord - 2 ||
    keyRecord >= spareRecord - 2 ||
    keySlot >= firstElementSlot - 3 ||
    elementSlot >= spareSlot - 3
  )
    run();
}

/** Computes everything so far. The open key and the open element go on: what they came to is where they begin again. */
export function run(): void {
  sha1Messages(recordsAt, messages, slotsAt);
  if (elementSlot > elementStart) chain(elementRecord++, elementStart, elementSlot, elementSlot);
  sha1Chains(recordsAt + <usize>firstElementRecord * 12, elementRecord - firstElementRecord, slotsAt);
  if (keySlot > keyStart) chain(keyRecord++, keyStart, keySlot, keySlot);
  sha1Chains(recordsAt + <usize>firstKeyRecord * 12, keyRecord - firstKeyRecord, slotsAt);
  carry(firstKeySlot, keySlot);
  carry(firstElementSlot, elementSlot);
  keyStart = keySlot = firstKeySlot;
  elementStart = elementSlot = firstElementSlot;
  filled = 0;
  messages = 0;
  elementRecord = firstElementRecord;
  keyRecord = firstKeyRecord;
  noteState();
}

/** Makes the open slot the first one, and the others zero. */
function carry(first: u32, open: u32): void {
  const to = slotsAt + <usize>first * 20;
  memory.copy(to, slotsAt + <usize>open * 20, 20);
  memory.fill(to + 20, 0, <usize>(open - first) * 20);
}
