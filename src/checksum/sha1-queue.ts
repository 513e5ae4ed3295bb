import { hash } from 'node:crypto';
import { messageBytes, recordCount, type Sha1Lanes, sha1Lanes, slotCount } from '../kernels/sha1-lanes.ts';
import { ScalarSha1Lanes } from './scalar-sha1.ts';
import { FirstParts } from './sha1-first-parts.ts';

/*
 * The hashes of a digest, gathered and computed many at a time. What DEBUG DIGEST does to 20-byte states becomes chains over slots:
 *
 *   a state      begins as zeros; for each slot in turn it is xored with the slot and becomes the SHA-1 of that
 *   mix(data)    SHA1(data) is xored into the open slot, which ends it: the next slot is open
 *   xor(data)    SHA1(data) is xored into the open slot
 *   an element   a chain of its own; its result is xored into the key's open slot
 *   a key        a chain; its result is xored into the total
 *
 * So no hash waits for another but its own chain's, and there are three rounds: messages, elements, keys.
 */

/** Slot 0 is the total; keys' slots follow, then elements'. */
const firstKeySlot = 1;
const firstElementSlot = slotCount / 2;
/** Records of messages come first, then those of elements, then those of keys. */
const firstElementRecord = recordCount / 2;
const firstKeyRecord = (recordCount / 4) * 3;
/** From this length on a message is hashed at once: it would take room, and the native hash is as fast. */
const longMin = 16_384;
/** Texts up to this length are written by a loop, which is faster than a call out of JavaScript. */
const loopLengthMax = 32;

export class HashQueue {
  readonly #checkKernel: Sha1Lanes = sha1Lanes() ?? new ScalarSha1Lanes();
  readonly #slots = this.#checkKernel.slots;
  readonly #records = this.#checkKernel.records;
  readonly #bytes = this.#checkKernel.messages;
  /** Bytes of messages so far. */
  #filled = 0;
  #messageCount = 0;
  #elementRecord = firstElementRecord;
  #keyRecord = firstKeyRecord;
  /** First slot of the key's chain and the open one; of the element's. */
  #keyStart = firstKeySlot;
  #keySlot = firstKeySlot;
  #elementStart = firstElementSlot;
  #elementSlot = firstElementSlot;
  /** Nothing of the open element is there yet. */
  #elementIsNew = true;
  readonly #firstParts = new FirstParts();

  // ---- what a key is made of

  mixText(text: string): void {
    this.#addText(text, false);
    this.#keySlot++;
  }

  mixBytes(bytes: Uint8Array, start: number, length: number): void {
    this.#addBytes(bytes, start, length, false);
    this.#keySlot++;
  }

  /** mix with a hash that is known. */
  mixHash(known: Int32Array): void {
    this.xorHash(known);
    this.#keySlot++;
  }

  xorText(text: string): void {
    this.#addText(text, false);
  }

  xorHash(known: Int32Array): void {
    this.#makeRoom(0);
    xorInto(this.#slots, this.#keySlot * 5, known);
  }

  elementMixText(text: string): void {
    const known = this.#elementIsNew ? this.#firstParts.chain(text) : undefined;
    this.#elementIsNew = false;
    if (known === undefined) {
      this.#addText(text, true);
      this.#elementSlot++;
      return;
    }
    this.#makeRoom(0);
    xorInto(this.#slots, this.#elementSlot * 5, known);
  }

  elementMixBytes(bytes: Uint8Array, start: number, length: number): void {
    this.#elementIsNew = false;
    this.#addBytes(bytes, start, length, true);
    this.#elementSlot++;
  }

  elementXorText(text: string): void {
    this.#elementIsNew = false;
    this.#addText(text, true);
  }

  /** The SHA-1 of the element's state goes into the key's; the next element begins. */
  endElement(): void {
    this.#makeRoom(0);
    const slot = this.#elementSlot + 1;
    this.#chain(this.#elementRecord++, this.#elementStart, slot, this.#keySlot);
    this.#elementStart = this.#elementSlot = slot;
    this.#elementIsNew = true;
  }

  /** The SHA-1 of the key's state goes into the total; the next key begins. */
  endKey(): void {
    this.#makeRoom(0);
    const slot = this.#keySlot + 1;
    this.#chain(this.#keyRecord++, this.#keyStart, slot, 0);
    this.#keyStart = this.#keySlot = slot;
  }

  // ---- results

  /** The key's state, five words, which begins anew. */
  takeKey(): Int32Array {
    this.#run();
    const state = this.#slots.slice(firstKeySlot * 5, firstKeySlot * 5 + 5);
    this.#slots.fill(0, firstKeySlot * 5, firstKeySlot * 5 + 5);
    return state;
  }

  /** The total, five words, which begins anew as `next` (zeros by default). */
  takeTotal(next?: Int32Array): Int32Array {
    this.#run();
    const total = this.#slots.slice(0, 5);
    this.#slots.fill(0, 0, 5);
    if (next !== undefined) this.#slots.set(next);
    return total;
  }

  // ---- messages

  #addText(text: string, ofElement: boolean): void {
    const { length } = text;
    if (length >= longMin) {
      this.#addLong(Buffer.from(text, 'latin1'), ofElement);
      return;
    }
    this.#makeRoom(length);
    const bytes = this.#bytes;
    const at = this.#filled;
    if (length > loopLengthMax) bytes.latin1Write(text, at, length);
    else for (let index = 0; index < length; index++) bytes[at + index] = text.charCodeAt(index);
    this.#addMessage(length, ofElement ? this.#elementSlot : this.#keySlot);
  }

  #addBytes(source: Uint8Array, start: number, length: number, ofElement: boolean): void {
    if (length >= longMin) {
      this.#addLong(source.subarray(start, start + length), ofElement);
      return;
    }
    this.#makeRoom(length);
    const bytes = this.#bytes;
    const at = this.#filled;
    if (length > loopLengthMax) bytes.set(source.subarray(start, start + length), at);
    else for (let index = 0; index < length; index++) bytes[at + index] = source[start + index];
    this.#addMessage(length, ofElement ? this.#elementSlot : this.#keySlot);
  }

  #addLong(message: Uint8Array, ofElement: boolean): void {
    this.#makeRoom(0);
    const result = hash('sha1', message, 'buffer');
    const known = new Int32Array(5);
    for (let word = 0; word < 5; word++) known[word] = result.readInt32BE(word * 4);
    xorInto(this.#slots, (ofElement ? this.#elementSlot : this.#keySlot) * 5, known);
  }

  #addMessage(length: number, slot: number): void {
    const record = this.#messageCount++ * 3;
    const records = this.#records;
    records[record] = this.#filled;
    records[record + 1] = length;
    records[record + 2] = slot;
    this.#filled += (length + 72) & ~63;
  }

  #chain(number: number, start: number, end: number, target: number): void {
    const record = number * 3;
    const records = this.#records;
    records[record] = start;
    records[record + 1] = end - start;
    records[record + 2] = target;
  }

  // ---- the three rounds

  /** Room for one more message of this length, one more slot and one more record of each kind, and for ending what is open. */
  #makeRoom(length: number): void {
    if (
      this.#filled + length + 72 > messageBytes ||
      this.#messageCount >= firstElementRecord ||
      this.#elementRecord >= firstKeyRecord - 2 ||
      this.#keyRecord >= recordCount - 2 ||
      this.#keySlot >= firstElementSlot - 3 ||
      this.#elementSlot >= slotCount - 3
    )
      this.#run();
  }

  /** Computes everything so far. The open key and the open element go on: what they came to is where they begin again. */
  #run(): void {
    const checkKernel = this.#checkKernel;
    checkKernel.hashMessages(0, this.#messageCount);
    if (this.#elementSlot > this.#elementStart)
      this.#chain(this.#elementRecord++, this.#elementStart, this.#elementSlot, this.#elementSlot);
    checkKernel.runChains(firstElementRecord, this.#elementRecord - firstElementRecord);
    if (this.#keySlot > this.#keyStart) this.#chain(this.#keyRecord++, this.#keyStart, this.#keySlot, this.#keySlot);
    checkKernel.runChains(firstKeyRecord, this.#keyRecord - firstKeyRecord);
    this.#carry(firstKeySlot, this.#keySlot);
    this.#carry(firstElementSlot, this.#elementSlot);
    this.#keyStart = this.#keySlot = firstKeySlot;
    this.#elementStart = this.#elementSlot = firstElementSlot;
    this.#filled = this.#messageCount = 0;
    this.#elementRecord = firstElementRecord;
    this.#keyRecord = firstKeyRecord;
  }

  /** Makes the open slot the first one, and the others zero. */
  #carry(first: number, open: number): void {
    const slots = this.#slots;
    slots.copyWithin(first * 5, open * 5, open * 5 + 5);
    slots.fill(0, first * 5 + 5, open * 5 + 5);
  }
}

function xorInto(slots: Int32Array, at: number, known: Int32Array): void {
  for (let word = 0; word < 5; word++) slots[at + word] ^= known[word];
}
