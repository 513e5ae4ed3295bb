import { type DigestSink, Kind, type ObjectValue } from '../../engine/value.ts';
import { ModuleDigest } from '../../engine/values/module-digest.ts';
import { moduleTypeOf } from '../module-data.ts';
import { ModuleOpcode } from '../opcodes.ts';
import { ValueCursor } from './cursor.ts';

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

  /** What a module mixes in only the module knows; most mix in nothing. A vector set's rule is known. */
  digest(sink: DigestSink): void {
    if (this.typeName === 'vectorset') sink.xor(vectorSetDigest(this.raw));
  }
}

const flagProjection = 1;
const flagAttributes = 2;
const quantizedBytes = 1;
const quantizedBits = 2;

/**
 * The digest of a `vectorset`, 20 bytes as a binary string.
 *
 *     id   dimension   count   configuration (low byte: 0 float32, 1 bytes, 2 bits)   flags (1 projection, 2 attributes)
 *     [1: input dimension   string: matrix]   count × { element   [2: attribute]   vector   n   n × number }   0
 */
function vectorSetDigest(raw: Buffer): string {
  const cursor = new ValueCursor();
  cursor.begin(raw, 0, raw.length);
  cursor.unsigned();
  const dimension = number(cursor);
  const count = number(cursor);
  const quantization = number(cursor) & 0xff;
  const flags = number(cursor);
  if (flags & flagProjection) {
    number(cursor);
    text(cursor);
  }
  const digest = new ModuleDigest();
  digest.addInteger(count);
  digest.addInteger(dimension);
  digest.endSequence();
  for (let left = count; left > 0; left--) {
    const element = text(cursor);
    const attribute = flags & flagAttributes ? text(cursor) : '';
    digest.addBytes(vector(cursor, dimension, quantization));
    digest.addText(element);
    if (attribute !== '') digest.addText(attribute);
    digest.endSequence();
    for (let numbers = number(cursor); numbers > 0; numbers--) number(cursor);
  }
  return digest.text();
}

function number(cursor: ValueCursor): number {
  const opcode = cursor.length();
  if (opcode !== ModuleOpcode.uint) cursor.fail('rdb.module.opcode', 'an unsigned number', String(opcode));
  return cursor.length();
}

function text(cursor: ValueCursor): string {
  const opcode = cursor.length();
  if (opcode !== ModuleOpcode.string) cursor.fail('rdb.module.opcode', 'a string', String(opcode));
  return cursor.text();
}

/** The stored components alone: the range that some quantizations keep is stored elsewhere. */
function vector(cursor: ValueCursor, dimension: number, quantization: number): Buffer {
  const bytes = Buffer.from(text(cursor), 'latin1');
  const size =
    quantization === quantizedBytes
      ? dimension
      : quantization === quantizedBits
        ? Math.ceil(dimension / 64) * 8
        : dimension * 4;
  return bytes.subarray(0, size);
}
