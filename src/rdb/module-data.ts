import type { RdbInput } from './input.ts';
import { ModuleOpcode } from './opcodes.ts';

/**
 * Module data: a sequence that can be passed over without its module.
 *
 *     id      64 bits in the form of a length: nine 6-bit characters, then a 10-bit encoding version
 *     data    ( opcode payload )* 0          1 signed | 2 unsigned | 3 float | 4 double | 5 string
 */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A module type's name and encoding version out of its 64-bit id. */
export function moduleTypeOf(id: bigint): { name: string; version: number } {
  let name = '';
  for (let shift = 58n; shift >= 10n; shift -= 6n) name += alphabet[Number((id >> shift) & 63n)];
  return { name, version: Number(id & 1023n) };
}

/** Passes over a module's data up to its end mark. */
export function skipModuleData(input: RdbInput): void {
  for (;;) {
    const at = input.offset;
    const opcode = input.length();
    if (opcode === ModuleOpcode.eof) return;
    skipModuleItem(input, opcode, at);
  }
}

/** Passes over what follows an opcode other than the end mark; the opcode was read at offset `at`. */
export function skipModuleItem(input: RdbInput, opcode: number, at: number): void {
  if (opcode === ModuleOpcode.sint || opcode === ModuleOpcode.uint) input.length();
  else if (opcode === ModuleOpcode.float) input.pass(4);
  else if (opcode === ModuleOpcode.double) input.pass(8);
  else if (opcode === ModuleOpcode.string) input.skipString();
  else input.fail('rdb.module.opcode', 'a module opcode (0 to 5)', String(opcode), at);
}

/** Types that a plain server brings along: `vectorset` since Redis 8.0. */
const builtIn = new Set(['vectorset']);

/** Whether a server needs a module to be loaded for data of this type. */
export function needsModule(name: string): boolean {
  return !builtIn.has(name);
}
