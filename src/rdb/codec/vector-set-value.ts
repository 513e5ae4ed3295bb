/**
 * The module data of a vector set, `vectorset` (Redis 8.0). Each item is an opcode, 2 for a number or 5 for a string, and the item.
 *
 *     id   dimension   count   configuration (low byte: 0 float32, 1 bytes, 2 bits; two bytes: links of a node)   flags (1 projection, 2 attributes)
 *     [1: input dimension   string: matrix]
 *     count × { element   [2: attribute]   vector   n   n × number }   0
 *
 *     numbers of a node, 8.0:  number   level            (level + 1) × { links   links max   links × link }           length or range
 *                        8.6:  number   level | 1 << 24  (level + 1) × { links   links max   links × link   worst }   length or range
 *
 * The upper byte of the level says which form it is; 8.6 reads both and 8.0 only the first (tried). `worst` is what a server works
 * out itself when it is not there.
 */
import { append } from '../../arrays.ts';
import type { Quantization } from '../../values/vector-quantization.ts';
import { linksDefault, type VectorElement, type VectorSetContent } from '../../values/vector-set.ts';
import { ModuleOpcode } from '../opcodes.ts';
import { RdbOutput } from '../output.ts';
import { ValueCursor } from './cursor.ts';

const flagProjection = 1;
const flagAttributes = 2;
const quantizations: readonly Quantization[] = ['NOQUANT', 'Q8', 'BIN'];
const quantizedBytes = 1;
const quantizedBits = 2;
const levelMask = 0xffffff;

interface Head {
  readonly dimension: number;
  readonly count: number;
  readonly quantization: number;
  readonly links: number;
  readonly projection: Float32Array | undefined;
  readonly hasAttributes: boolean;
}

/** Reads everything before the nodes. */
function readHead(cursor: ValueCursor): Head {
  cursor.unsigned();
  const dimension = readNumber(cursor);
  const count = readNumber(cursor);
  const configuration = readNumber(cursor);
  const flags = readNumber(cursor);
  const projection = flags & flagProjection ? readMatrix(cursor, dimension) : undefined;
  const quantization = configuration & 0xff;
  const links = (configuration >> 8) & 0xffff || linksDefault;
  return { dimension, count, quantization, links, projection, hasAttributes: (flags & flagAttributes) !== 0 };
}

function readMatrix(cursor: ValueCursor, dimension: number): Float32Array {
  const matrix = new Float32Array(readNumber(cursor) * dimension);
  const bytes = Buffer.from(readText(cursor), 'latin1');
  for (let index = 0; index < matrix.length; index++) matrix[index] = bytes.readFloatLE(index * 4);
  return matrix;
}

function readNumber(cursor: ValueCursor): number {
  return Number(readUnsigned(cursor));
}

function readUnsigned(cursor: ValueCursor): number | bigint {
  const opcode = cursor.length();
  if (opcode !== ModuleOpcode.uint) cursor.fail('rdb.module.opcode', 'an unsigned number', String(opcode));
  return cursor.unsigned();
}

function expectText(cursor: ValueCursor): void {
  const opcode = cursor.length();
  if (opcode !== ModuleOpcode.string) cursor.fail('rdb.module.opcode', 'a string', String(opcode));
}

function skipText(cursor: ValueCursor): void {
  expectText(cursor);
  cursor.skipString();
}

function readText(cursor: ValueCursor): string {
  expectText(cursor);
  return cursor.text();
}

/** The set in a value that begins with the type's id; its elements can be walked once. */
export function readVectorSet(raw: Buffer): VectorSetContent {
  const cursor = new ValueCursor();
  cursor.begin(raw, 0, raw.length);
  const head = readHead(cursor);
  const { dimension, links, count, projection } = head;
  const quantization = quantizations[head.quantization];
  return { quantization, dimension, links, count, projection, elements: readNodes(cursor, head) };
}

function* readNodes(cursor: ValueCursor, head: Head): Generator<[string, VectorElement]> {
  const length = vectorBytes(head);
  for (let left = head.count; left > 0; left--) {
    const element = readText(cursor);
    const attribute = head.hasAttributes ? readText(cursor) : '';
    const vector = Buffer.from(readText(cursor), 'latin1').subarray(0, length);
    for (let numbers = readNumber(cursor); numbers > 0; numbers--) readNumber(cursor);
    yield [element, { vector, attribute: attribute === '' ? undefined : attribute }];
  }
}

function vectorBytes({ dimension, quantization }: Head): number {
  if (quantization === quantizedBytes) return dimension;
  return quantization === quantizedBits ? Math.ceil(dimension / 64) * 8 : dimension * 4;
}

/** The set with its nodes in the form of 8.0; `raw` itself where they are in that form. */
export function withOldNodes(raw: Buffer): Buffer {
  const cursor = new ValueCursor();
  cursor.begin(raw, 0, raw.length);
  const { count, hasAttributes } = readHead(cursor);
  const out = new RdbOutput(undefined, raw.length + 16);
  let copied = 0;
  for (let left = count; left > 0; left--) {
    for (let texts = hasAttributes ? 3 : 2; texts > 0; texts--) skipText(cursor);
    const start = cursor.position;
    const numbers: (number | bigint)[] = [];
    for (let rest = readNumber(cursor); rest > 0; rest--) numbers.push(readUnsigned(cursor));
    if (Number(numbers[1]) <= levelMask) continue;
    out.writeBytes(raw, copied, start);
    writeNumbers(out, oldNumbers(numbers));
    copied = cursor.position;
  }
  if (copied === 0) return raw;
  out.writeBytes(raw, copied, raw.length);
  return out.view();
}

function oldNumbers(numbers: readonly (number | bigint)[]): (number | bigint)[] {
  const level = Number(numbers[1]) & levelMask;
  const kept = [numbers[0], level];
  let position = 2;
  for (let layer = 0; layer <= level; layer++) {
    const end = position + 2 + Number(numbers[position]);
    append(kept, numbers.slice(position, end));
    position = end + 1;
  }
  append(kept, numbers.slice(position));
  return kept;
}

function writeNumbers(out: RdbOutput, numbers: readonly (number | bigint)[]): void {
  for (const number of [numbers.length, ...numbers]) {
    out.writeByte(ModuleOpcode.uint);
    out.writeUnsigned(number);
  }
}
