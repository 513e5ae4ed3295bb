/*
 * Binary strings: one character a byte (latin1), lossless. V8's own slicer is reached directly, since toString('latin1')
 * looks its encoding up by name for each of millions of short elements.
 */

interface Latin1Methods {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, position: number, length: number): number;
}

const methods = Buffer.prototype as unknown as Latin1Methods;

/** The bytes from `start` to `end` as a binary string. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return start === end ? '' : methods.latin1Slice.call(bytes, start, end);
}

/** Writes a binary string at `position`; characters above 255 lose their upper bits. The caller made room. */
export function writeLatin1(bytes: Uint8Array, text: string, position: number): void {
  const length = text.length;
  if (length > 24) {
    methods.latin1Write.call(bytes, text, position, length);
    return;
  }
  for (let i = 0; i < length; i++) bytes[position + i] = text.charCodeAt(i);
}
