/*
 * Globs over bytes: a server's (KEYS, SCAN MATCH; stringmatchlen in the servers' util.c) and those of file names (glob(3), as an
 * `include` line has them). A pattern becomes a list of items, one for each byte that it matches, and a star; matching keeps two
 * positions to return to and nothing else, so that it takes at most length × items steps whatever the pattern is.
 *
 *   item >= 0    this byte
 *   anyByte      ?
 *   star         *, or several
 *   setsFrom - n a class, the n-th of `sets`: one flag for each byte
 */

const anyByte = -1;
const star = -2;
const setsFrom = -3;

/** What the parsers of the two kinds of pattern make. */
export class GlobItems {
  readonly items: number[] = [];
  readonly sets: Uint8Array[] = [];

  byte(value: number): void {
    this.items.push(value);
  }

  any(): void {
    this.items.push(anyByte);
  }

  star(): void {
    if (this.items.at(-1) !== star) this.items.push(star);
  }

  set(members: Uint8Array): void {
    this.items.push(setsFrom - this.sets.length);
    this.sets.push(members);
  }

  /** Whether `bytes[start, start + length)` matches. */
  matches(bytes: Uint8Array, start: number, length: number): boolean {
    const { items } = this;
    const end = start + length;
    let position = start;
    let index = 0;
    // Where to go on after the last star, and how far it reaches so far.
    let starIndex = -1;
    let starEnd = start;
    while (position < end) {
      if (index < items.length) {
        const item = items[index];
        if (item === star) {
          starIndex = ++index;
          starEnd = position;
          continue;
        }
        if (this.fits(item, bytes[position])) {
          index++;
          position++;
          continue;
        }
      }
      if (starIndex < 0) return false;
      // What follows a star and matched nothing before needs no second look at what is left of that.
      index = starIndex;
      position = ++starEnd;
    }
    while (items[index] === star) index++;
    return index === items.length;
  }

  private fits(item: number, byte: number): boolean {
    if (item >= 0) return item === byte;
    return item === anyByte || this.sets[setsFrom - item][byte] === 1;
  }
}

const ofChar = (text: string) => text.charCodeAt(0);
const [asterisk, question, open, close, caret, backslash, dash] = [...'*?[]^\\-'].map(ofChar);

export interface GlobOptions {
  /** Letters of ASCII match in either case. */
  readonly ignoreCase?: boolean;
}

/** A server's pattern. A class that is not closed ends with the pattern; a range takes the byte behind its `-` whatever it is, `]` too. */
export class Glob {
  private readonly parsed = new GlobItems();
  /** Of the patterns of stars only `*` matches the empty key: KEYS and SCAN do not look at keys then. */
  private readonly takesEmpty: boolean;

  /** `pattern`: bytes, or a binary string. `tail`: more of the pattern, read for itself. */
  constructor(pattern: string | Uint8Array, options: GlobOptions & { readonly tail?: string } = {}) {
    const bytes = bytesOf(pattern);
    this.takesEmpty = bytes.length === 0 || (bytes.length === 1 && bytes[0] === asterisk);
    this.read(bytes, options.ignoreCase === true);
    if (options.tail !== undefined) this.read(bytesOf(options.tail), options.ignoreCase === true);
  }

  matches(bytes: Uint8Array, start = 0, length = bytes.length): boolean {
    return length === 0 ? this.takesEmpty : this.parsed.matches(bytes, start, length);
  }

  /** The same of a binary string. */
  matchesText(text: string): boolean {
    return this.matches(bytesOf(text));
  }

  private read(pattern: Uint8Array, ignoreCase: boolean): void {
    const { parsed } = this;
    for (let position = 0; position < pattern.length; position++) {
      let byte = pattern[position];
      if (byte === asterisk) parsed.star();
      else if (byte === question) parsed.any();
      else if (byte === open) position = this.readClass(pattern, position + 1, ignoreCase);
      else {
        if (byte === backslash && position + 1 < pattern.length) byte = pattern[++position];
        if (ignoreCase && isLetter(byte)) parsed.set(withCases(setOf(byte)));
        else parsed.byte(byte);
      }
    }
  }

  /** Reads a class whose members begin at `from`; the position of its `]`, or the last one of the pattern. */
  private readClass(pattern: Uint8Array, from: number, ignoreCase: boolean): number {
    const members = new Uint8Array(256);
    const isNegated = pattern[from] === caret;
    let position = isNegated ? from + 1 : from;
    for (; position < pattern.length && pattern[position] !== close; position++) {
      const left = pattern.length - position;
      if (pattern[position] === backslash && left >= 2) members[pattern[++position]] = 1;
      else if (left >= 3 && pattern[position + 1] === dash) {
        addRange(members, pattern[position], pattern[position + 2], ignoreCase);
        position += 2;
      } else members[pattern[position]] = 1;
    }
    const folded = ignoreCase ? withCases(members) : members;
    this.parsed.set(isNegated ? folded.map((member) => 1 - member) : folded);
    return position;
  }
}

/** The servers compare the bytes of a range as C's char, which is signed on most machines. */
function addRange(members: Uint8Array, first: number, last: number, ignoreCase: boolean): void {
  let low = Math.min(asChar(first), asChar(last));
  let high = Math.max(asChar(first), asChar(last));
  if (ignoreCase) {
    low = asChar(lowerCase(low & 0xff));
    high = asChar(lowerCase(high & 0xff));
  }
  for (let char = low; char <= high; char++) members[char & 0xff] = 1;
}

const asChar = (byte: number): number => (byte << 24) >> 24;
const isLetter = (byte: number): boolean => lowerCase(byte) >= 0x61 && lowerCase(byte) <= 0x7a;
const lowerCase = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);

function setOf(byte: number): Uint8Array {
  const members = new Uint8Array(256);
  members[byte] = 1;
  return members;
}

/** Bytes whose lower case is that of a member. */
function withCases(members: Uint8Array): Uint8Array {
  const lower = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) if (members[byte] === 1) lower[lowerCase(byte)] = 1;
  return Uint8Array.from({ length: 256 }, (_, byte) => lower[lowerCase(byte)]);
}

const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
