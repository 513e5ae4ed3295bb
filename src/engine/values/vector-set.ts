/**
 * A vector set (the module type `vectorset` that Redis 8.0 brings along): elements with a vector and an attribute.
 *
 * A server holds them as a graph whose links are drawn at random and which an RDB stores; neither can be made here. What is
 * known depends on where the set came from:
 * - made by VADD: every vector as it was given, from which the server's own quantised form follows; with REDUCE only the
 *   given vector, as the projection is random. `rewrite` gives the VADD commands that build it again.
 * - from an RDB: the bytes, which only a server can read. The first command that changes it makes it a set with a `base` and
 *   `later` commands, to be carried along in this order; what they find is not known, nor whether the set became empty.
 */
import { type DigestSink, Kind, type ObjectValue } from '../value.ts';
import { ModuleDigest } from './module-digest.ts';
import { type Quantization, storedVector } from './vector-quantization.ts';

export const linksDefault = 16;

export type VectorElement = {
  /** As given, before normalising and projecting. */
  vector: Float32Array;
  /** Text that VSETATTR set; undefined for none. */
  attribute: string | undefined;
};

/** A module's value of which only the type and the bytes are known. */
export type SerializedModule = ObjectValue & { readonly typeName: string };

export class VectorSet implements ObjectValue {
  readonly kind = Kind.Module;
  readonly elements = new Map<string, VectorElement>();
  readonly quantization: Quantization;
  /** Number of components of a given vector. */
  readonly inputDimension: number;
  /** Number of components after projection; 0 where there is none. */
  readonly reduced: number;
  /** Links of a node of the graph (M). */
  readonly links: number;
  /** What the RDB had, where the set came from one. */
  base: SerializedModule | undefined;
  /** Commands on the key since then, whole. */
  later: string[][] = [];

  constructor(quantization: Quantization, inputDimension: number, reduced: number, links: number) {
    this.quantization = quantization;
    this.inputDimension = inputDimension;
    this.reduced = reduced;
    this.links = links;
  }

  /** A set that an RDB brought. */
  static over(base: SerializedModule): VectorSet {
    const set = new VectorSet('Q8', 0, 0, linksDefault);
    set.base = base;
    return set;
  }

  /** Number of elements; 1 where it is not known. */
  get count(): number {
    return this.base === undefined ? this.elements.size : 1;
  }

  /** Number of components that a server stores of each vector. */
  get dimension(): number {
    return this.reduced === 0 ? this.inputDimension : this.reduced;
  }

  /** Commands that build the set under this name; of a set with a `base` only those that came after it. */
  *rewrite(key: string): Generator<string[]> {
    if (this.base !== undefined) {
      for (const command of this.later) yield [command[0], key, ...command.slice(2)];
      return;
    }
    const projection = this.reduced === 0 ? [] : ['REDUCE', String(this.reduced)];
    const options: string[] = this.quantization === 'Q8' ? [] : [this.quantization];
    if (this.links !== linksDefault) options.push('M', String(this.links));
    for (const [name, { vector, attribute }] of this.elements) {
      const blob = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).latin1Slice();
      const set = attribute === undefined ? [] : ['SETATTR', attribute];
      yield ['VADD', key, ...projection, 'FP32', blob, name, ...options, ...set];
    }
  }

  copy(): VectorSet {
    const copy = new VectorSet(this.quantization, this.inputDimension, this.reduced, this.links);
    for (const [name, { vector, attribute }] of this.elements) copy.elements.set(name, { vector, attribute });
    copy.base = this.base;
    copy.later = this.later.slice();
    return copy;
  }

  /** Equal to a server's for a set that VADD made without REDUCE; of others the vectors are not known. */
  digest(sink: DigestSink): void {
    const digest = new ModuleDigest();
    digest.addInteger(this.elements.size);
    digest.addInteger(this.dimension);
    digest.endSequence();
    for (const [name, { vector, attribute }] of this.elements) {
      digest.addBytes(storedVector(vector, this.quantization));
      digest.addText(name);
      if (attribute !== undefined) digest.addText(attribute);
      digest.endSequence();
    }
    sink.xor(digest.text());
  }
}
