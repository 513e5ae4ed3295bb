import type { Target } from '../../servers/targets.ts';
import { type DigestSink, Kind, type ObjectValue } from '../../values/value.ts';
import { digestElements, type VectorSetContent } from '../../values/vector-set.ts';
import { moduleTypeOf } from '../module-data.ts';
import { readVectorSet, withOldNodes } from './vector-set-value.ts';

/**
 * A module's value, carried along without being understood: the RDB value of type 7 as it is, type id included. Nothing in
 * it can be changed, so copies share it.
 */
export class ModuleValue implements ObjectValue {
  readonly kind = Kind.Module;
  readonly count = 1;
  /** The bytes that follow type and key in an RDB. */
  readonly raw: Buffer;

  constructor(raw: Buffer) {
    this.raw = raw;
  }

  /** The module type's name, such as `ReJSON-RL`. */
  get typeName(): string {
    return this.raw[0] === 0x81 ? moduleTypeOf(this.raw.readBigUInt64BE(1)).name : '';
  }

  /** The bytes for a target: those as they are, unless its release knows an older form only. */
  rawFor(target: Target): Buffer {
    return target.hasOldVectorNodes && this.typeName === 'vectorset' ? withOldNodes(this.raw) : this.raw;
  }

  copy(): ModuleValue {
    return this;
  }

  /** What is in a vector set. */
  vectorSet(): VectorSetContent {
    return readVectorSet(this.raw);
  }

  /** What a module mixes in only the module knows; most mix in nothing. A vector set's rule is known. */
  digest(sink: DigestSink): void {
    if (this.typeName !== 'vectorset') return;
    const { count, dimension, elements } = this.vectorSet();
    digestElements(sink, count, dimension, elements, (vector) => vector as Buffer);
  }
}

/** Whether `bytes[from, to)`, a value of type 7, is a vector set, which Redis 8.0 and later know without a module. */
export function isVectorSet(bytes: Buffer, from: number, to: number): boolean {
  return to - from > 9 && bytes[from] === 0x81 && moduleTypeOf(bytes.readBigUInt64BE(from + 1)).name === 'vectorset';
}
