/**
 * Annotations: lines that start with '#' where a command could stand (Redis 7.0 and later). One form is defined:
 *
 *     #TS:<unix seconds> CRLF
 */
const timestamp = Buffer.from('#TS:', 'latin1');

/** The seconds of the `#TS:` line at `position`; undefined for any other annotation, NaN where no number follows. */
export function parseTimestamp(bytes: Uint8Array, position: number, length: number): number | undefined {
  for (let index = 0; index < timestamp.length; index++) {
    if (bytes[position + index] !== timestamp[index]) return undefined;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + position + 4, Math.max(length - 4, 0)).toString('latin1');
  const match = /^\s*([+-]?\d+)/.exec(text);
  return match === null ? Number.NaN : Number(match[1]);
}
