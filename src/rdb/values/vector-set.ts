/**
 * The data of a vector set (codec/vector-set-value.ts has the diagram), as a server looks at it while loading: each item of the
 * kind that must come, vectors of the set's size, and links that lead back. What is wrong is noted, and the rest passed over as
 * module data of any kind.
 */
import type { RdbInput } from '../input.ts';
import { skipModuleData, skipModuleItem } from '../module-data.ts';
import { ModuleOpcode } from '../opcodes.ts';
import type { ValueCheck } from '../value-check.ts';

const code = 'rdb.module.vector-set';
const dimensionMax = 65536;
/** Links that a layer of a node can have: four times the largest M. */
const linksMax = 4 * 4096;
const flagProjection = 1;
const flagAttributes = 2;

/** Thrown where the data goes on in another way than a vector set's, and caught here: the framing may still be sound. */
class Strayed extends Error {}

/** Checks what follows the type's id, up to the end mark. */
export function checkVectorSet(input: RdbInput, check: ValueCheck): void {
  const reader = new VectorSetReader(input, check);
  try {
    reader.read();
  } catch (error) {
    if (!(error instanceof Strayed)) throw error;
    if (!reader.ended) skipModuleData(input);
  }
}

class VectorSetReader {
  /** The end mark was read. */
  ended = false;
  private readonly input: RdbInput;
  private readonly check: ValueCheck;
  private readonly links = new LinkBalance();

  constructor(input: RdbInput, check: ValueCheck) {
    this.input = input;
    this.check = check;
  }

  read(): void {
    const { input, check } = this;
    const start = input.offset;
    const dimension = this.number('a dimension');
    if (!(dimension >= 1 && dimension <= dimensionMax)) {
      const rule = dimension === 0 ? `${code}.dimension` : code;
      check.fault(rule, start, `a dimension from 1 to ${dimensionMax}`, String(dimension));
    }
    const count = this.number('a number of elements');
    const at = input.offset;
    const quantization = this.number('a configuration') & 0xff;
    if (quantization > 2) this.stray(at, 'a quantization from 0 to 2', quantization);
    const flags = this.number('flags');
    if ((flags & flagProjection) !== 0) this.projection(dimension);
    this.check.beginMembers();
    const vectorLength = lengthOf(dimension, quantization);
    for (let left = count; left > 0; left--) this.node(vectorLength, (flags & flagAttributes) !== 0);
    const end = input.offset;
    if (input.length() !== ModuleOpcode.eof) {
      skipModuleItem(input, input.low, end);
      this.stray(end, 'the end of the vector set', `opcode ${input.low}`);
    }
    this.ended = true;
    if (!this.links.balanced) this.stray(start, 'for each link one back', 'links that lead nowhere or one way');
  }

  private projection(dimension: number): void {
    const at = this.input.offset;
    const from = this.number('an input dimension');
    if (!(from >= dimension && from <= dimensionMax))
      this.stray(at, `an input dimension of at least ${dimension}`, from);
    this.text('a projection matrix', from * dimension * 4);
  }

  private node(vectorLength: number, hasAttribute: boolean): void {
    const { input, check } = this;
    this.opcode(ModuleOpcode.string, 'an element');
    check.uniqueString(input, 'element');
    if (hasAttribute) {
      this.opcode(ModuleOpcode.string, 'an attribute');
      input.skipString();
    }
    this.text('a vector', vectorLength);
    this.numbers();
  }

  /** The numbers of a node: its id, its level, its links layer by layer, the length of its vector. */
  private numbers(): void {
    const { input } = this;
    const at = input.offset;
    let left = this.number('a count of numbers');
    const next = (what: string): number => {
      if (left-- <= 0) this.stray(at, what, 'fewer numbers');
      return this.number(what);
    };
    next('an id');
    const { high, low } = input;
    const levels = next('a level');
    const form = levels >>> 24;
    if (form > 1) this.stray(at, 'a node in a form of 0 or 1', form);
    for (let layer = 0; layer <= (levels & 0xff); layer++) {
      const count = next('a number of links');
      const most = next('a most of links');
      if (count > most || most > linksMax) this.stray(at, `at most ${linksMax} links`, `${count} of ${most}`);
      this.links.beginLayer(high, low, layer);
      for (let link = 0; link < count; link++) {
        next('a link');
        if (!this.links.add(input.high, input.low))
          this.stray(at, 'links to other nodes, each once', 'one to itself, or twice');
      }
      if (form > 0) next('the worst link');
      if (form > 0 && count > 0 && input.low >= count) this.stray(at, `a worst link below ${count}`, input.low);
    }
    next('the length of the vector');
    while (left > 0) next('a number');
  }

  private number(what: string): number {
    this.opcode(ModuleOpcode.uint, what);
    return this.input.length();
  }

  private text(what: string, length: number): void {
    const at = this.input.offset;
    this.opcode(ModuleOpcode.string, what);
    if (!this.input.string()) return;
    if (this.input.textLength !== length)
      this.stray(at, `${what} of ${length} bytes`, `${this.input.textLength} bytes`);
  }

  private opcode(wanted: number, what: string): void {
    const { input } = this;
    const at = input.offset;
    const opcode = input.length();
    if (opcode === wanted) return;
    if (opcode === ModuleOpcode.eof) this.ended = true;
    else skipModuleItem(input, opcode, at);
    this.stray(at, what, opcode === ModuleOpcode.eof ? 'the end of the value' : `opcode ${opcode}`);
  }

  private stray(offset: number, expected: string, found: string | number): never {
    this.check.fault(code, offset, expected, String(found));
    throw new Strayed();
  }
}

/** Bytes of a vector: floats, one byte each, or bits in words of 64. */
function lengthOf(dimension: number, quantization: number): number {
  if (quantization === 0) return dimension * 4;
  return quantization === 1 ? dimension : Math.ceil(dimension / 64) * 8;
}

/** Each link and the one back cancel out in a sum, as in a server's own check. Ids are halves of 64 bits. */
class LinkBalance {
  private first = 0;
  private second = 0;
  private high = 0;
  private low = 0;
  private layer = 0;
  private readonly seen = new Set<number>();

  get balanced(): boolean {
    return this.first === 0 && this.second === 0;
  }

  beginLayer(high: number, low: number, layer: number): void {
    this.high = high;
    this.low = low;
    this.layer = layer;
    this.seen.clear();
  }

  /** False for a link to the node itself, or one that the layer has already. */
  add(high: number, low: number): boolean {
    const id = high * 2 ** 32 + low;
    const own = this.high * 2 ** 32 + this.low;
    if (id === own || this.seen.has(id)) return false;
    this.seen.add(id);
    const [a, b, c, d] = own < id ? [this.high, this.low, high, low] : [high, low, this.high, this.low];
    let mixed = this.layer + 1;
    for (const part of [a, b, c, d]) mixed = mix(mixed ^ part);
    this.first ^= mixed;
    this.second ^= mix(mixed + Math.imul(b, 0x9e3779b1) + Math.imul(d, 0x85ebca6b));
    return true;
  }
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
