/** Bytes of a full block; the first one starts small and doubles up to this. */
const blockBytes = 16 * 1024 * 1024;
/** A position counts units of four bytes, so that 32 bits reach 16 GiB: 22 bits within a block, the rest its number. */
const unitBits = 2;
const blockUnitBits = 22;
const blockUnitMask = (1 << blockUnitBits) - 1;

/** The bytes of a keyspace's keys, one after another in blocks. A key longer than a block has a block of its own. */
export class KeyArena {
  #blocks: Buffer[] = [Buffer.allocUnsafeSlow(1024)];
  #current = 0;
  #cursor = 0;

  /** Copies a key in and gives its position, an unsigned 32-bit number. */
  append(bytes: Uint8Array, start: number, length: number): number {
    if (this.#cursor + length > this.#blocks[this.#current].length) this.#makeRoom(length);
    const block = this.#blocks[this.#current];
    const cursor = this.#cursor;
    for (let index = 0; index < length; index++) block[cursor + index] = bytes[start + index];
    this.#cursor = (cursor + length + 3) & ~3;
    return ((this.#current << blockUnitBits) | (cursor >>> unitBits)) >>> 0;
  }

  #makeRoom(length: number): void {
    const block = this.#blocks[this.#current];
    if (this.#cursor + length <= blockBytes && block.length < blockBytes) {
      const grown = Buffer.allocUnsafeSlow(Math.min(blockBytes, Math.max(block.length * 2, this.#cursor + length)));
      block.copy(grown, 0, 0, this.#cursor);
      this.#blocks[this.#current] = grown;
      return;
    }
    if (this.#cursor === 0) this.#blocks[this.#current] = Buffer.allocUnsafeSlow(Math.max(blockBytes, length));
    else this.#blocks.push(Buffer.allocUnsafeSlow(Math.max(blockBytes, length)));
    this.#current = this.#blocks.length - 1;
    this.#cursor = 0;
    if (this.#current > 0xffffffff >>> blockUnitBits) throw new RangeError('the keys of one database exceed 16 GiB');
  }

  /** The block that holds the key at `position`. */
  blockOf(position: number): Buffer {
    return this.#blocks[position >>> blockUnitBits];
  }

  /** Where in its block the key at `position` starts. */
  startOf(position: number): number {
    return (position & blockUnitMask) << unitBits;
  }

  /** The first byte of the key at `position`. */
  byte(position: number): number {
    return this.#blocks[position >>> blockUnitBits][(position & blockUnitMask) << unitBits];
  }

  /** Whether the key at `position`, of the same length, has these bytes. */
  equals(position: number, bytes: Uint8Array, start: number, length: number): boolean {
    const block = this.#blocks[position >>> blockUnitBits];
    const own = (position & blockUnitMask) << unitBits;
    for (let index = length - 1; index >= 0; index--) {
      if (block[own + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  /** Forgets every key and keeps one block. */
  clear(): void {
    this.#blocks.length = 1;
    this.#current = 0;
    this.#cursor = 0;
  }
}
