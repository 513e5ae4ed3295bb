// AssemblyScript. The headers of RESP, read a word at a time: `*3\r\n`, `$11\r\n`. Up to eight bytes beyond may be looked at.

export const commandHead: u32 = 0x2a;
export const argumentHead: u32 = 0x24;
export const lineEnd: u32 = 0x0a0d;
/**
 * What no position is: beyond any limit. A memory ends far below, and what lengths the lanes read (at most 16 MiB) may be added to it
 * without wrapping round, so that a sum with it is beyond any limit too.
 */
export const nowhere: usize = 0x80000000;

/** A number of one or two digits after the prefix at `at`, and where its line ends in the upper half; 0 for anything else. */
// @ts-ignore: decorator
@inline
export function shortHeader(at: usize, prefix: u32): u64 {
  const word = load<u64>(at);
  const first = ((<u32>word >> 8) - 0x30) & 0xff;
  if ((<u32>word & 0xff) != prefix || first > 9) return 0;
  if (<u32>word >> 16 == lineEnd) return (<u64>(at + 4) << 32) | first;
  const second = ((<u32>word >> 16) - 0x30) & 0xff;
  if (second > 9 || (<u32>(word >> 24) & 0xffff) != lineEnd) return 0;
  return (<u64>(at + 5) << 32) | (first * 10 + second);
}

/** Where the argument at `at` ends, its CRLF not looked at; `nowhere` if that is no ordinary argument of less than 10^7 bytes. */
// @ts-ignore: decorator
@inline
export function argumentEnd(at: usize): usize {
  const word = load<u64>(at);
  const first = ((<u32>word >> 8) - 0x30) & 0xff;
  if ((<u32>word & 0xff) != argumentHead || first > 9) return nowhere;
  if (<u32>word >> 16 == lineEnd) return at + 6 + first;
  const second = ((<u32>word >> 16) - 0x30) & 0xff;
  if (second > 9) return nowhere;
  const two = first * 10 + second;
  if ((<u32>(word >> 24) & 0xffff) == lineEnd) return at + 7 + two;
  const third = (<u32>word >> 24) - 0x30;
  if (third > 9) return nowhere;
  const three = two * 10 + third;
  if ((<u32>(word >> 32) & 0xffff) == lineEnd) return at + 8 + three;
  return longArgumentEnd(at + 4, three);
}

/** The same for a number of four to seven digits, of which three are in `head` and the others at `at`. */
function longArgumentEnd(at: usize, head: u32): usize {
  let length = head;
  let position = at;
  for (; position < at + 4; position++) {
    const digit = <u32>load<u8>(position) - 0x30;
    if (digit > 9) break;
    length = length * 10 + digit;
  }
  if (<u32>load<u16>(position) != lineEnd) return nowhere;
  return position + 4 + length;
}

/**
 * The argument at `at`: where its bytes begin, in the upper half, and their number; `nowhere` in the upper half if that is no ordinary
 * argument of less than 10^7 bytes.
 */
// @ts-ignore: decorator
@inline
export function argumentBody(at: usize): u64 {
  const word = load<u64>(at);
  const first = ((<u32>word >> 8) - 0x30) & 0xff;
  if ((<u32>word & 0xff) != argumentHead || first > 9) return noBody;
  if (<u32>word >> 16 == lineEnd) return (<u64>(at + 4) << 32) | first;
  const second = ((<u32>word >> 16) - 0x30) & 0xff;
  if (second > 9) return noBody;
  const two = first * 10 + second;
  if ((<u32>(word >> 24) & 0xffff) == lineEnd) return (<u64>(at + 5) << 32) | two;
  const third = (<u32>word >> 24) - 0x30;
  if (third > 9) return noBody;
  const three = two * 10 + third;
  if ((<u32>(word >> 32) & 0xffff) == lineEnd) return (<u64>(at + 6) << 32) | three;
  return longArgumentBody(at + 4, three);
}

const noBody: u64 = <u64>nowhere << 32;

/** The same for a number of four to seven digits, of which three are in `head` and the others at `at`. */
function longArgumentBody(at: usize, head: u32): u64 {
  const end = longArgumentEnd(at, head);
  if (end == nowhere) return noBody;
  let position = at;
  let length = head;
  for (; load<u8>(position) != 0x0d; position++) length = length * 10 + (<u32>load<u8>(position) - 0x30);
  return (<u64>(position + 2) << 32) | length;
}
