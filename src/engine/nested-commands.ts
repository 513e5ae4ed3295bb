import { CommandView } from '../resp/command-view.ts';

const star = 0x2a;
const dollar = 0x24;

/**
 * Tells of each command, in RESP, that argument `index` of a command carries: in one frame, over the same bytes, so that long values need
 * no copy. False, and nothing told, where the argument holds anything but whole commands.
 */
export function eachNested(frame: CommandView, index: number, visit: (nested: CommandView) => void): boolean {
  return walk(frame, index, () => {}) && walk(frame, index, visit);
}

function walk(frame: CommandView, index: number, visit: (nested: CommandView) => void): boolean {
  const { bytes, base, source, start, end: recordEnd, ordinal } = frame;
  const end = frame.starts[index] + frame.lengths[index];
  const nested = Object.assign(new CommandView(), { base, source, start, end: recordEnd, ordinal });
  for (let at = frame.starts[index]; at < end; ) {
    nested.bytes = bytes;
    at = readCommand(bytes, at, end, nested);
    if (at < 0) return false;
    visit(nested);
  }
  return true;
}

/** Where the next command begins; -1 where none stands here. */
function readCommand(bytes: Buffer, from: number, end: number, into: CommandView): number {
  const argc = headerValue(bytes, from, end, star);
  // Each argument takes six bytes at least, so that a count cannot claim more memory than there is.
  if (argc < 1 || argc * 6 > end - from) return -1;
  let at = bytes.indexOf(0x0a, from) + 1;
  into.argc = argc;
  into.reserve(argc);
  for (let index = 0; index < argc; index++) {
    const length = headerValue(bytes, at, end, dollar);
    if (length < 0) return -1;
    const start = bytes.indexOf(0x0a, at) + 1;
    at = start + length + 2;
    if (at > end || bytes[at - 2] !== 0x0d || bytes[at - 1] !== 0x0a) return -1;
    into.starts[index] = start;
    into.lengths[index] = length;
  }
  return at;
}

/** The number of a line such as `$12`, CRLF behind it; -1 for anything else. */
function headerValue(bytes: Buffer, from: number, end: number, prefix: number): number {
  if (from >= end || bytes[from] !== prefix) return -1;
  const match = /^(\d{1,10})\r\n/.exec(bytes.latin1Slice(from + 1, Math.min(end, from + 13)));
  return match === null ? -1 : Number(match[1]);
}
