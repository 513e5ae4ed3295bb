// AssemblyScript. What stands before a key in an RDB:
//
//   [0xfc expiry, 8 bytes] [0xf8 idle time, a length] [0xf9 counter, 1 byte] type

import { nowhere, numberEnd } from './rdb-strings';

const expiryOpcode: u32 = 252;
const freqOpcode: u32 = 249;
const idleOpcode: u32 = 248;

export let headType: u32 = 0;
/** Where the expiry lies; 0 for none. */
export let headExpiry: usize = 0;
/** Whether it is said how the key was used. */
export let headUsage = false;

/** Whether the key of the last head expires before a moment, milliseconds since 1970; NaN is before nothing. */
// @ts-ignore: decorator
@inline
export function isExpired(moment: f64): bool {
  return headExpiry != 0 && <f64>load<i64>(headExpiry) < moment;
}

/** Where the key's name begins; `nowhere` if the file ends before, or something else stands here. */
export function headEnd(from: usize, limit: usize): usize {
  let at = from;
  let type = <u32>load<u8>(at++);
  headExpiry = 0;
  headUsage = false;
  if (type == expiryOpcode) {
    headExpiry = at;
    at += 8;
    type = <u32>load<u8>(at++);
  }
  if (type == idleOpcode) {
    headUsage = true;
    at = numberEnd(at);
    if (at >= limit) return nowhere;
    type = <u32>load<u8>(at++);
  } else if (type == freqOpcode) {
    headUsage = true;
    type = <u32>load<u8>(at, 1);
    at += 2;
  }
  headType = type;
  return at >= limit ? nowhere : at;
}
