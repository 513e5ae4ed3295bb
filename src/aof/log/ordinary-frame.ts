import type { Window } from '../../io/window.ts';
import type { CommandView } from '../../resp/command-view.ts';

const star = 0x2a;
const dollar = 0x24;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const zero = 0x30;
/** Numbers of so many digits stay far below 2^31. */
const digitsMax = 8;

/**
 * Frames the command at the window's position if it lies whole in memory and is written as everybody writes it, and moves the window
 * behind it. False, with the window where it was, for anything else: a scanner then says what it is.
 */
export function frameOrdinary(window: Window, frame: CommandView): boolean {
  const { bytes, limit } = window;
  let position = window.position;
  if (position >= limit || bytes[position++] !== star) return false;
  let argc = 0;
  let byte = 0;
  const argcFrom = position;
  while ((byte = bytes[position] - zero) >= 0 && byte <= 9) {
    argc = argc * 10 + byte;
    position++;
  }
  if (argc === 0 || position - argcFrom > digitsMax) return false;
  // What lies behind the window's limit is old, and may look like anything: the last position decides.
  if (bytes[position] !== carriageReturn || bytes[position + 1] !== lineFeed) return false;
  position += 2;
  if (argc > frame.starts.length) {
    if (argc > limit - position) return false;
    frame.reserve(argc);
  }
  const { starts, lengths } = frame;
  for (let index = 0; index < argc; index++) {
    if (bytes[position] !== dollar) return false;
    let length = 0;
    const from = ++position;
    while ((byte = bytes[position] - zero) >= 0 && byte <= 9) {
      length = length * 10 + byte;
      position++;
    }
    if (position === from || position - from > digitsMax) return false;
    if (bytes[position] !== carriageReturn || bytes[position + 1] !== lineFeed) return false;
    position += 2;
    starts[index] = position;
    lengths[index] = length;
    position += length;
    if (bytes[position] !== carriageReturn || bytes[position + 1] !== lineFeed) return false;
    position += 2;
  }
  if (position > limit) return false;
  window.position = position;
  frame.argc = argc;
  frame.bytes = bytes;
  frame.base = window.base;
  return true;
}
