/*
 * XXH64 (assembly/xxh64.ts): an instance for each message, whose state it holds.
 */
import { KernelModule, whereKernelsRun } from './kernel-module.ts';
import { xxh64Base64 } from './xxh64.generated.ts';

const bufferAt = 1024;
/** Bytes that the buffer holds, a multiple of 32. */
export const xxh64BufferBytes = 65_536;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  begin(): void;
  update(count: number): void;
  finish(total: number, count: number): void;
}

export interface Xxh64Kernel extends Omit<Exports, 'memory'> {
  readonly buffer: Uint8Array;
  /** The hash after `finish`: low half, high half. */
  readonly result: Uint32Array;
}

const module = new KernelModule<Exports>(xxh64Base64);

/** A new instance; undefined where this machine's engine cannot run it. */
export function openXxh64Kernel(): Xxh64Kernel | undefined {
  return whereKernelsRun(() => {
    const { memory, begin, update, finish } = module.instance();
    const buffer = new Uint8Array(memory.buffer, bufferAt, xxh64BufferBytes);
    return { buffer, result: new Uint32Array(memory.buffer, 0, 2), begin, update, finish };
  });
}
