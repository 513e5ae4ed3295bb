/**
 * A vector set (the module type `vectorset` that Redis 8.0 brings along): elements with a vector and an attribute.
 *
 * A server holds them as a graph whose links are drawn at random and which an RDB stores; neither can be made here. What is
 * known depends on where the set came from:
 * - made by VADD: every vector as it was given, from which the server's own quantised form follows; with REDUCE only the
 *   given vector, as the projection is random. `rewrite` gives the VADD commands that build it again.
 * - from an RDB: the stored form of each vector, and the graph as bytes that only a server can use. The first command that
 *   changes it makes it a set with a `base` and `later` commands, to be carried along in this order.
 */

import { ModuleDigest } from './module-digest.ts';
import { type DigestSink, Kind, type ObjectValue } from './value.ts';
import { projected, type Quantization, storedVector } from './vector-quantization.ts';

export const linksDefault = 16;

export type VectorElement = {
  /** As given, before normalising and projecting, or as an RDB had it: the bytes of the stored form. */
  vector: Float32Array | Buffer;
  /** Text that VSETATTR set; undefined for none. */
  attribute: string | undefined;
};

/** What an RDB tells of a vector set. */
export type VectorSetContent = {
  readonly quantization: Quantization;
  /** Number of components of a stored vector. */
  readonly dimension: number;
  readonly links: number;
  readonly count: number;
  /** Rows of the matrix that stored vectors went through, one a component of theirs; undefined for none. */
  readonly projection: Float32Array | undefined;
  readonly elements: Iterable<readonly [name: string, element: VectorElement]>;
};

/** A module's value of which only the type and the bytes are known. */
export type SerializedModule = ObjectValue & {
  readonly typeName: string;
  /** Of a vector set. */
  vectorSet(): VectorSetContent;
};

/** Mixes a set in as the module does. `stored` gives the bytes that a server keeps of a vector. */
export function digestElements(
  sink: DigestSink,
  count: number,
  dimension: number,
  elements: Iterable<readonly [name: string, element: VectorElement]>,
  stored: (vector: VectorElement['vector']) => Uint8Array,
): void {
  const digest = new ModuleDigest();
  digest.addInteger(count);
  digest.addInteger(dimension);
  digest.endSequence();
  for (const [name, { vector, attribute }] of elements) {
    digest.addBytes(stored(vector));
    digest.addText(name);
    if (attribute !== undefined) digest.addText(attribute);
    digest.endSequence();
  }
  sink.xor(digest.text());
}

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
  /** The matrix of a set with fewer stored components than given ones; undefined where only a server knows it. */
  projection: Float32Array | undefined;

  constructor(quantization: Quantization, inputDimension: number, reduced: number, links: number) {
    this.quantization = quantization;
    this.inputDimension = inputDimension;
    this.reduced = reduced;
    this.links = links;
  }

  /** A set that an RDB brought. */
  static over(base: SerializedModule): VectorSet {
    const { quantization, dimension, links, projection, elements } = base.vectorSet();
    const given = projection === undefined ? dimension : projection.length / dimension;
    const set = new VectorSet(quantization, given, projection === undefined ? 0 : dimension, links);
    for (const [name, element] of elements) set.elements.set(name, element);
    set.base = base;
    set.projection = projection;
    return set;
  }

  /** Number of elements. */
  get count(): number {
    return this.elements.size;
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
    copy.projection = this.projection;
    copy.later = this.later.slice();
    return copy;
  }

  /** Equal to a server's but for a set that VADD made with REDUCE: how it projects vectors is not known. */
  digest(sink: DigestSink): void {
    digestElements(sink, this.count, this.dimension, this.elements, (vector) => this.stored(vector));
  }

  private stored(vector: Float32Array | Buffer): Buffer {
    if (Buffer.isBuffer(vector)) return vector;
    const { projection } = this;
    return storedVector(projection === undefined ? vector : projected(vector, projection), this.quantization);
  }
}
