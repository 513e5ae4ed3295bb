/**
 * What the readers of compressed frames share: how they take the file's bytes, what they give, and what they throw.
 */
import type { Window } from '../window.ts';

/** Reads one frame, block by block. */
export interface FrameReader {
  /** The bytes of the next block, a view that the next call overwrites; undefined at the end of the frame. Throws FrameFault. */
  next(): Buffer | undefined;
}

/** Why a frame cannot be read on: its bytes are damaged, the file ends inside of it, or it needs more than this reader gives. */
export type FrameFaultKind = 'corrupt' | 'truncated' | 'limit';

export class FrameFault extends Error {
  readonly kind: FrameFaultKind;
  constructor(kind: FrameFaultKind, message: string) {
    super(message);
    this.name = 'FrameFault';
    this.kind = kind;
  }
}

export function corrupt(message: string): never {
  throw new FrameFault('corrupt', message);
}

/** Takes the next `length` bytes of the file: where they begin in `window.bytes`, until the window is asked again. */
export function take(window: Window, length: number): number {
  if (!window.ensure(length)) {
    throw new FrameFault('truncated', `the file ends inside the compressed frame, at ${window.base + window.limit}`);
  }
  const at = window.position;
  window.position += length;
  return at;
}

export function takeUint32(window: Window): number {
  const at = take(window, 4);
  return window.bytes.readUInt32LE(at);
}
