import { UsageError } from '../errors.ts';

/** Slots of a cluster. */
export const slotCount = 16384;

/** CRC-16/XMODEM (polynomial 0x1021, most significant bit first), the hash of the cluster specification. */
const table = crcTable();

function crcTable(): Uint16Array {
  const entries = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte << 8;
    for (let bit = 0; bit < 8; bit++) value = value & 0x8000 ? (value << 1) ^ 0x1021 : value << 1;
    entries[byte] = value;
  }
  return entries;
}

/** The cluster slot of a key: CRC16 of what is between its first `{` and the next `}` if that is not empty, else of all of it. */
export function slotOf(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  const open = indexOf(bytes, 0x7b, start, end);
  const close = open < 0 ? -1 : indexOf(bytes, 0x7d, open + 1, end);
  const isTagged = close > open + 1;
  let crc = 0;
  for (let position = isTagged ? open + 1 : start; position < (isTagged ? close : end); position++) {
    crc = ((crc << 8) & 0xffff) ^ table[(crc >>> 8) ^ bytes[position]];
  }
  return crc & (slotCount - 1);
}

function indexOf(bytes: Uint8Array, wanted: number, from: number, end: number): number {
  for (let position = from; position < end; position++) if (bytes[position] === wanted) return position;
  return -1;
}

/** Slots of a cluster, both ends included. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** Reads `0-5460,10000`. Throws UsageError. */
export function parseSlots(text: string): SlotRange[] {
  return text.split(',').map((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || first > last || last >= slotCount) {
      throw new UsageError(`not slots: ${part} (such as 0-5460, up to ${slotCount - 1})`);
    }
    return { first, last };
  });
}
