/**
 * What a module's digest callback builds: strings and integers mixed into a sequence, sequences xored into a whole
 * (docs/formats/digest.md, section 4).
 */
import { Sha1 } from '../checksum/sha1.ts';

export class ModuleDigest {
  private readonly sha = new Sha1();
  private readonly sequence = new Int32Array(5);
  private readonly whole = new Int32Array(5);

  addText(text: string): void {
    this.sha.hashText(text);
    this.mix();
  }

  addBytes(bytes: Uint8Array): void {
    this.sha.hashBytes(bytes, 0, bytes.length);
    this.mix();
  }

  addInteger(value: number): void {
    this.addText(String(value));
  }

  endSequence(): void {
    this.sha.hashWords(this.sequence);
    for (let i = 0; i < 5; i++) this.whole[i] ^= this.sha.state[i];
    this.sequence.fill(0);
  }

  /** The 20 bytes as a binary string. */
  text(): string {
    const bytes = Buffer.alloc(20);
    for (let i = 0; i < 5; i++) bytes.writeInt32BE(this.whole[i], i * 4);
    return bytes.latin1Slice();
  }

  private mix(): void {
    for (let i = 0; i < 5; i++) this.sequence[i] ^= this.sha.state[i];
    this.sha.hashWords(this.sequence);
    this.sequence.set(this.sha.state);
  }
}
