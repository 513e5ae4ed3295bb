import { type DigestSink, Kind, type ObjectValue } from '../../engine/value.ts';
import { moduleTypeOf } from '../module-data.ts';

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

  copy(): ModuleValue {
    return this;
  }

  /** What a module mixes in only the module knows; most mix in nothing. */
  digest(_sink: DigestSink): void {}
}
