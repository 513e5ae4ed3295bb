/**
 * A direct-mapped cache from short byte sequences to binary strings.
 *
 * A log repeats the same few field names millions of times. Making a string of bytes costs a call into C++ and an
 * allocation; finding it here costs a loop over its bytes, and every hash that holds the field then shares one string, which
 * also makes comparing two of them a comparison of addresses.
 */

/** Longest byte sequence that is cached; longer ones are seldom repeated. */
const lengthMax = 24;
const slotCount = 4096;

export class Interner {
  private readonly texts: string[] = new Array(slotCount).fill('');

  /** The binary string of `length` bytes at `start`; the same object as last time where the cache still holds it. */
  text(bytes: Buffer, start: number, length: number): string {
    if (length === 0) return '';
    if (length > lengthMax) return bytes.latin1Slice(start, start + length);
    const end = start + length;
    let hash = length;
    for (let position = start; position < end; position++) hash = Math.imul(hash ^ bytes[position], 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (slotCount - 1);
    const cached = this.texts[slot];
    if (cached.length === length && matches(cached, bytes, start)) return cached;
    return (this.texts[slot] = bytes.latin1Slice(start, end));
  }
}

function matches(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
