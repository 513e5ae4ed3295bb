import type { RdbInput } from '../input.ts';

/** Rate limiters: type 33 (Redis 8.10 built with ENABLE_GCRA): the theoretical arrival time, at most 2^63-1. */
export function checkGcra(input: RdbInput): void {
  const at = input.offset;
  const time = input.unsigned();
  if (time >= 1n << 63n) input.fail('rdb.value.gcra', 'a time up to 2^63-1', String(time), at);
}
