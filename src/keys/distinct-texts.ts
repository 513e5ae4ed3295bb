/** Texts beyond this number are not compared. */
const textsMax = 1 << 21;

/** Tells texts of one value from each other by 64 bits of hash: two that are not told apart may be the same. */
export class DistinctTexts {
  /** High and low half of each hash; the low one is zero for a free place only. */
  private table = new Int32Array(128);
  private mask = 0;

  /** Forgets all; false where there are too many texts to compare. */
  begin(count: number): boolean {
    if (count > textsMax) return false;
    let places = 32;
    while (places < count * 2) places *= 2;
    if (this.table.length < places * 2) this.table = new Int32Array(places * 2);
    else this.table.fill(0, 0, places * 2);
    this.mask = places - 1;
    return true;
  }

  /** False where `bytes[from, to)` may have been added before. */
  add(bytes: Uint8Array, from: number, to: number): boolean {
    let high = 0x811c9dc5 | 0;
    let low = 0x2545f491 | 0;
    for (let position = from; position < to; position++) {
      const byte = bytes[position];
      high = Math.imul(high ^ byte, 0x01000193);
      low = Math.imul(low + byte + 1, 0x5bd1e995) ^ (low >>> 15);
    }
    return this.insert(high, low);
  }

  /** The same for an integer in decimal. */
  addText(text: string): boolean {
    const bytes = Buffer.from(text, 'latin1');
    return this.add(bytes, 0, bytes.length);
  }

  private insert(high: number, hash: number): boolean {
    const { table, mask } = this;
    const low = hash | 1;
    for (let place = (high ^ (high >>> 16)) & mask; ; place = (place + 1) & mask) {
      if (table[2 * place + 1] === 0) {
        table[2 * place] = high;
        table[2 * place + 1] = low;
        return true;
      }
      if (table[2 * place] === high && table[2 * place + 1] === low) return false;
    }
  }
}
