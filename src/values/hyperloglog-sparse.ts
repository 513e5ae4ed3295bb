/**
 * The sparse form of a HyperLogLog: opcodes that together cover the 16384 registers.
 *
 *   00xxxxxx           ZERO   x + 1 registers of 0
 *   01xxxxxx yyyyyyyy  XZERO  14 bits + 1 registers of 0
 *   1vvvvvxx           VAL    x + 1 (1..4) registers of v + 1 (1..32)
 *
 * How an opcode is split and merged decides the stored bytes, so the steps are those of a server (docs/formats/commands.md, section 6).
 */
import type { OwnString } from './value.ts';

const headerLength = 16;
const registerCount = 16384;
/** `hll-sparse-max-bytes` of a server as shipped, header included. */
const sparseLengthMax = 3000;
const valueMax = 32;
const valueRunMax = 4;
const zeroRunMax = 64;
/** Opcodes that are looked at for merging, from the one before the changed one on. */
const mergeScanCount = 5;

function isValue(opcode: number): boolean {
  return opcode >= 0x80;
}

function isLongZero(opcode: number): boolean {
  return (opcode & 0xc0) === 0x40;
}

/** Registers that the opcode at `position` covers. */
function runOf(bytes: Buffer, position: number): number {
  const opcode = bytes[position];
  if (isValue(opcode)) return (opcode & 3) + 1;
  return isLongZero(opcode) ? (((opcode & 0x3f) << 8) | bytes[position + 1]) + 1 : opcode + 1;
}

function registerValue(opcode: number): number {
  return ((opcode >> 2) & 31) + 1;
}

function valueOpcode(value: number, run: number): number {
  return 0x80 | ((value - 1) << 2) | (run - 1);
}

/**
 * Raises a register. True where it changed, false where not, 'dense' where the string must become dense first, undefined
 * where the opcodes do not reach the register.
 */
export function setSparse(target: OwnString, index: number, value: number): boolean | 'dense' | undefined {
  if (value > valueMax) return 'dense';
  const { buffer, length } = target;
  let position = headerLength;
  let previous = -1;
  let first = 0;
  let run = 0;
  while (position < length) {
    run = runOf(buffer, position);
    if (index < first + run) break;
    previous = position;
    position += isLongZero(buffer[position]) ? 2 : 1;
    first += run;
  }
  if (run === 0 || position >= length) return undefined;
  const opcode = buffer[position];
  if (isValue(opcode) && registerValue(opcode) >= value) return false;
  if (run === 1 && !isLongZero(opcode)) buffer[position] = valueOpcode(value, 1);
  else if (!split(target, position, first, run, index, value)) return 'dense';
  mergeValues(target, previous < 0 ? headerLength : previous);
  target.buffer[15] |= 0x80;
  return true;
}

/** Replaces an opcode by up to three; false where the string would become too long. */
function split(target: OwnString, position: number, first: number, run: number, index: number, value: number): boolean {
  const opcode = target.buffer[position];
  const parts: number[] = [];
  pushRun(parts, opcode, index - first);
  parts.push(valueOpcode(value, 1));
  pushRun(parts, opcode, first + run - 1 - index);
  const replaced = isLongZero(opcode) ? 2 : 1;
  const growth = parts.length - replaced;
  const { length } = target;
  if (growth > 0 && length + growth > sparseLengthMax) return false;
  if (growth > 0) target.extend(length + growth);
  target.buffer.copyWithin(position + parts.length, position + replaced, length);
  target.length = length + growth;
  for (let i = 0; i < parts.length; i++) target.buffer[position + i] = parts[i];
  return true;
}

/** Adds `run` registers (0 for none) with what the opcode says of each. */
function pushRun(parts: number[], opcode: number, run: number): void {
  if (run === 0) return;
  if (isValue(opcode)) parts.push(valueOpcode(registerValue(opcode), run));
  else if (run > zeroRunMax) parts.push(0x40 | ((run - 1) >> 8), (run - 1) & 0xff);
  else parts.push(run - 1);
}

/** Joins equal neighbours around a change, as far as a server looks. */
function mergeValues(target: OwnString, from: number): void {
  const { buffer } = target;
  let position = from;
  for (let scanned = 0; scanned < mergeScanCount && position < target.length; scanned++) {
    const opcode = buffer[position];
    if (!isValue(opcode)) {
      position += isLongZero(opcode) ? 2 : 1;
      continue;
    }
    const next = position + 1 < target.length ? buffer[position + 1] : 0;
    const run = (opcode & 3) + (next & 3) + 2;
    if (isValue(next) && registerValue(next) === registerValue(opcode) && run <= valueRunMax) {
      buffer[position + 1] = valueOpcode(registerValue(opcode), run);
      buffer.copyWithin(position, position + 1, target.length);
      target.length--;
      continue;
    }
    position++;
  }
}

/** Calls `visit` for each run, false where they do not cover the registers exactly. */
function walk(bytes: Buffer, visit: (first: number, run: number, value: number) => void): boolean {
  let first = 0;
  let position = headerLength;
  while (position < bytes.length) {
    const opcode = bytes[position];
    const run = runOf(bytes, position);
    if (first + run > registerCount) return false;
    visit(first, run, isValue(opcode) ? registerValue(opcode) : 0);
    first += run;
    position += isLongZero(opcode) ? 2 : 1;
  }
  return first === registerCount;
}

/** Writes every register that is not zero; false where the opcodes are damaged. */
export function sparseToDense(bytes: Buffer, write: (index: number, value: number) => void): boolean {
  return walk(bytes, (first, run, value) => {
    if (value > 0) for (let i = first; i < first + run; i++) write(i, value);
  });
}

/** Raises `registers` to those of the string; false where the opcodes are damaged. */
export function mergeSparse(registers: Uint8Array, bytes: Buffer): boolean {
  return sparseToDense(bytes, (index, value) => {
    if (value > registers[index]) registers[index] = value;
  });
}

/** Counts the registers by value; false where the opcodes are damaged. */
export function sparseHistogram(bytes: Buffer, histogram: Int32Array): boolean {
  return walk(bytes, (_, run, value) => {
    histogram[value] += run;
  });
}
