import { escapeBytes } from '../../io/text.ts';

/** Keys that begin alike, up to a separator, digits folded to `*`. */
export interface PrefixNode {
  /** The whole prefix, its separator included; what is not printable is escaped. */
  readonly prefix: string;
  readonly keys: number;
  readonly bytes: number;
  /** Keys that never expire, and their bytes. */
  readonly persistentKeys: number;
  readonly persistentBytes: number;
  /** Share of the bytes of all keys, between 0 and 1. */
  readonly share: number;
  /** The largest first. What they do not have of the keys lies in smaller prefixes or in none. */
  readonly children: readonly PrefixNode[];
}

export interface PrefixTree {
  /** Every prefix has its true sums; else a prefix may lack at most `errorBytes` bytes, and those below that may be missing. */
  readonly exact: boolean;
  readonly errorBytes: number;
  readonly depth: number;
  readonly separators: string;
  readonly roots: readonly PrefixNode[];
}

/** Prefixes at most, and how many are left when there were too many: some 10 MB. */
const nodesMax = 1 << 16;
const nodesLeft = 1 << 15;
const slotsMax = 1 << 17;
/** Bytes of a name in which prefixes are looked for. */
const nameBytesMax = 1024;
const starByte = 0x2a;
const separatorClass = 1;
const digitClass = 2;
const hashPrime = 0x01000193;
const root = 0;

/**
 * Sums up keys by prefix in bounded memory. A key is added to the deepest of its prefixes alone; the sums of the others are made at the end.
 * When there are too many prefixes, the smallest that have none below them are added to the ones above: how much such a prefix may lack if it
 * comes again is the error that is stated.
 */
export class PrefixSums {
  errorBytes = 0;
  private readonly depth: number;
  private readonly separators: string;
  /** By byte: a separator, a digit, or 0. */
  private readonly classes = new Uint8Array(256);
  private count = 1;
  private readonly parents = new Int32Array(nodesMax + 1);
  private readonly hashes = new Int32Array(nodesMax + 1);
  private readonly textAt = new Int32Array(nodesMax + 1);
  private readonly textLength = new Int32Array(nodesMax + 1);
  private readonly keys = new Float64Array(nodesMax + 1);
  private readonly bytes = new Float64Array(nodesMax + 1);
  private readonly persistentKeys = new Float64Array(nodesMax + 1);
  private readonly persistentBytes = new Float64Array(nodesMax + 1);
  private readonly slots = new Int32Array(slotsMax);
  private texts = Buffer.alloc(1 << 16);
  private textEnd = 0;
  private readonly segment = Buffer.alloc(nameBytesMax);

  constructor(depth: number, separators: string) {
    this.depth = depth;
    this.separators = separators;
    for (let digit = 0x30; digit < 0x3a; digit++) this.classes[digit] = digitClass;
    for (const byte of Buffer.from(separators, 'latin1')) this.classes[byte] = separatorClass;
  }

  add(key: Buffer, from: number, to: number, size: number, expires: boolean): void {
    const node = this.deepest(key, from, to);
    this.keys[node]++;
    this.bytes[node] += size;
    if (expires) return;
    this.persistentKeys[node]++;
    this.persistentBytes[node] += size;
  }

  private deepest(key: Buffer, from: number, to: number): number {
    // There is room for all prefixes of the key from here on.
    if (this.count + this.depth > nodesMax || this.textEnd + nameBytesMax > textBytesMax) this.prune();
    const { classes } = this;
    const end = Math.min(to, from + nameBytesMax);
    let node = root;
    let level = 0;
    let hash = 0;
    let start = from;
    let wasDigit = false;
    for (let position = from; position < end; position++) {
      const byte = key[position];
      const kind = classes[byte];
      if (kind === digitClass) {
        if (!wasDigit) hash = Math.imul(hash ^ starByte, hashPrime);
        wasDigit = true;
        continue;
      }
      wasDigit = false;
      hash = Math.imul(hash ^ byte, hashPrime);
      if (kind !== separatorClass) continue;
      node = this.child(node, hash, key, start, position + 1);
      if (++level === this.depth) break;
      hash = 0;
      start = position + 1;
    }
    return node;
  }

  /** The node of `key[from, to)`, its digits folded, below another one; made where there is none. */
  private child(parent: number, segmentHash: number, key: Buffer, from: number, to: number): number {
    const hash = mixed(segmentHash, parent);
    const { slots } = this;
    for (let slot = hash & (slotsMax - 1); ; slot = (slot + 1) & (slotsMax - 1)) {
      const node = slots[slot];
      if (node === 0) return this.make(parent, hash, this.fold(key, from, to), slot);
      if (this.hashes[node] === hash && this.parents[node] === parent && this.isText(node, key, from, to)) return node;
    }
  }

  private isText(node: number, key: Buffer, from: number, to: number): boolean {
    const { texts, classes } = this;
    let at = this.textAt[node];
    const end = at + this.textLength[node];
    for (let position = from; position < to; at++) {
      if (at === end) return false;
      const byte = key[position++];
      if (classes[byte] !== digitClass) {
        if (texts[at] !== byte) return false;
        continue;
      }
      if (texts[at] !== starByte) return false;
      while (position < to && classes[key[position]] === digitClass) position++;
    }
    return at === end;
  }

  /** Writes the folded text to `segment` and gives its length. */
  private fold(key: Buffer, from: number, to: number): number {
    const { segment, classes } = this;
    let length = 0;
    for (let position = from; position < to; position++) {
      const isDigit = classes[key[position]] === digitClass;
      if (isDigit && position > from && classes[key[position - 1]] === digitClass) continue;
      segment[length++] = isDigit ? starByte : key[position];
    }
    return length;
  }

  private make(parent: number, hash: number, length: number, slot: number): number {
    const node = this.count++;
    if (this.textEnd + length > this.texts.length) this.growTexts(length);
    this.segment.copy(this.texts, this.textEnd, 0, length);
    this.parents[node] = parent;
    this.hashes[node] = hash;
    this.textAt[node] = this.textEnd;
    this.textLength[node] = length;
    this.textEnd += length;
    this.slots[slot] = node;
    return node;
  }

  private growTexts(length: number): void {
    const grown = Buffer.alloc(2 * this.texts.length + length);
    this.texts.copy(grown, 0, 0, this.textEnd);
    this.texts = grown;
  }

  /** Adds the smallest prefixes to those above them. */
  private prune(): void {
    const sums = this.sums(this.bytes);
    const left = Math.min(nodesLeft, this.count >> 1);
    const threshold = sums.slice(1, this.count).sort()[this.count - 1 - left];
    this.errorBytes += threshold;
    const renamed = new Int32Array(this.count);
    const { texts } = this;
    this.texts = Buffer.alloc(texts.length);
    this.textEnd = 0;
    this.slots.fill(0);
    let next = 1;
    // A node has a higher number than its parent, and at least as much below the parent: a parent that goes takes its children along.
    for (let node = 1; node < this.count; node++) {
      const parent = renamed[this.parents[node]];
      if (sums[node] <= threshold) {
        renamed[node] = parent;
        this.merge(node, parent);
        continue;
      }
      renamed[node] = next;
      this.move(node, next++, parent, texts);
    }
    for (let node = next; node < this.count; node++) this.clear(node);
    this.count = next;
  }

  private merge(node: number, into: number): void {
    const { keys, bytes, persistentKeys, persistentBytes } = this;
    for (const column of [keys, bytes, persistentKeys, persistentBytes]) {
      const value = column[node];
      column[node] = 0;
      column[into] += value;
    }
  }

  private clear(node: number): void {
    for (const column of [this.keys, this.bytes, this.persistentKeys, this.persistentBytes]) column[node] = 0;
  }

  private move(node: number, to: number, parent: number, texts: Buffer): void {
    const { keys, bytes, persistentKeys, persistentBytes } = this;
    for (const column of [keys, bytes, persistentKeys, persistentBytes]) {
      const value = column[node];
      column[node] = 0;
      column[to] = value;
    }
    const at = this.textAt[node];
    const length = this.textLength[node];
    let segmentHash = 0;
    for (let index = at; index < at + length; index++) segmentHash = Math.imul(segmentHash ^ texts[index], hashPrime);
    const hash = mixed(segmentHash, parent);
    texts.copy(this.texts, this.textEnd, at, at + length);
    this.parents[to] = parent;
    this.hashes[to] = hash;
    this.textAt[to] = this.textEnd;
    this.textLength[to] = length;
    this.textEnd += length;
    let slot = hash & (slotsMax - 1);
    while (this.slots[slot] !== 0) slot = (slot + 1) & (slotsMax - 1);
    this.slots[slot] = to;
  }

  /** A column with the nodes below each one added. */
  private sums(column: Float64Array): Float64Array {
    const sums = column.slice(0, this.count);
    for (let node = this.count - 1; node > 0; node--) sums[this.parents[node]] += sums[node];
    return sums;
  }

  /** The tree, with at most so many of the largest prefixes below each one. */
  result(childrenMax: number): PrefixTree {
    const keys = this.sums(this.keys);
    const bytes = this.sums(this.bytes);
    const persistentKeys = this.sums(this.persistentKeys);
    const persistentBytes = this.sums(this.persistentBytes);
    const children: number[][] = Array.from({ length: this.count }, () => []);
    for (let node = 1; node < this.count; node++) children[this.parents[node]].push(node);
    const total = Math.max(1, bytes[root]);
    const build = (node: number, before: string): PrefixNode[] =>
      children[node]
        .sort((a, b) => bytes[b] - bytes[a])
        .slice(0, childrenMax)
        .map((child) => {
          const prefix = before + this.text(child);
          return {
            prefix,
            keys: keys[child],
            bytes: bytes[child],
            persistentKeys: persistentKeys[child],
            persistentBytes: persistentBytes[child],
            share: bytes[child] / total,
            children: build(child, prefix),
          };
        });
    const { errorBytes, depth, separators } = this;
    return { exact: errorBytes === 0, errorBytes, depth, separators, roots: build(root, '') };
  }

  private text(node: number): string {
    const at = this.textAt[node];
    return escapeBytes(this.texts, at, at + this.textLength[node]);
  }
}

const textBytesMax = 1 << 23;

function mixed(hash: number, parent: number): number {
  const value = Math.imul(hash ^ Math.imul(parent, 0x9e3779b1), 0x85ebca6b);
  return value ^ (value >>> 15);
}
