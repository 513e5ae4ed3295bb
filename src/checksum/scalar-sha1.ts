import { messageBytes, recordCount, type Sha1Lanes, slotCount } from '../kernels/sha1-lanes.ts';
import { Sha1 } from './sha1.ts';

/** What the kernel of the same interface does, one hash after another: for machines whose engine has no vectors. */
export class ScalarSha1Lanes implements Sha1Lanes {
  readonly slots = new Int32Array(slotCount * 5);
  readonly records = new Int32Array(recordCount * 3);
  readonly messages: Buffer = Buffer.allocUnsafeSlow(messageBytes);
  readonly #sha = new Sha1();

  hashMessages(first: number, count: number): void {
    const { records } = this;
    for (let record = first * 3; record < (first + count) * 3; record += 3) {
      this.#sha.hashBytes(this.messages, records[record], records[record + 1]);
      this.#xorInto(records[record + 2]);
    }
  }

  runChains(first: number, count: number): void {
    const { records, slots } = this;
    const { state } = this.#sha;
    const words = new Int32Array(5);
    for (let record = first * 3; record < (first + count) * 3; record += 3) {
      state.fill(0);
      for (let slot = records[record], end = slot + records[record + 1]; slot < end; slot++) {
        for (let word = 0; word < 5; word++) words[word] = state[word] ^ slots[slot * 5 + word];
        this.#sha.hashWords(words);
      }
      this.#xorInto(records[record + 2]);
    }
  }

  #xorInto(slot: number): void {
    for (let word = 0; word < 5; word++) this.slots[slot * 5 + word] ^= this.#sha.state[word];
  }
}
