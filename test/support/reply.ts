/*
 * RESP2, the part of it that a client of a test server needs.
 *
 *   request  := '*' count CRLF ( '$' length CRLF bytes CRLF ) x count
 *   reply    := '+' text CRLF | '-' text CRLF | ':' integer CRLF
 *             | '$' length CRLF bytes CRLF | '$-1' CRLF | '*' count CRLF reply x count | '*-1' CRLF
 */

export type Argument = string | number | bigint | Uint8Array;

/** A status is a string, a bulk string a Buffer, an integer a number (a bigint beyond 2^53), nil is null. */
export type Reply = string | number | bigint | Buffer | null | ReplyError | Reply[];

/** An error reply, its text as the server sent it, such as `WRONGTYPE Operation against …`. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** One command as RESP. Strings are written as UTF-8: pass binary arguments as bytes. */
export function encodeCommand(args: readonly Argument[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = arg instanceof Uint8Array ? Buffer.from(arg) : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** Takes the bytes of a connection as they come and hands out whole replies. */
export class ReplyReader {
  private chunks: Buffer[] = [];
  private length = 0;
  private lengthNeeded = 1;
  private bytes: Buffer = Buffer.alloc(0);
  private position = 0;

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  /** The next whole reply, or undefined until more bytes have come. */
  next(): Reply | undefined {
    if (this.length < this.lengthNeeded) return undefined;
    if (this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks)];
    this.bytes = this.chunks[0] ?? this.bytes;
    this.position = 0;
    const reply = this.read();
    if (reply === undefined) return undefined;
    this.chunks = [this.bytes.subarray(this.position)];
    this.length -= this.position;
    this.lengthNeeded = 1;
    return reply;
  }

  private read(): Reply | undefined {
    const end = this.bytes.indexOf('\r\n', this.position, 'latin1');
    if (end < 0) return this.missing(this.length + 1);
    const sort = this.bytes[this.position];
    const text = this.bytes.toString('latin1', this.position + 1, end);
    this.position = end + 2;
    if (sort === 0x2b) return text;
    if (sort === 0x2d) return new ReplyError(text);
    if (sort === 0x3a) return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
    if (sort === 0x24) return this.readBulk(Number(text));
    if (sort === 0x2a) return this.readArray(Number(text));
    throw new Error(`not a RESP reply: ${JSON.stringify(text.slice(0, 60))}`);
  }

  private readBulk(length: number): Reply | undefined {
    if (length < 0) return null;
    const end = this.position + length;
    if (end + 2 > this.length) return this.missing(end + 2);
    const bulk = Buffer.from(this.bytes.subarray(this.position, end));
    this.position = end + 2;
    return bulk;
  }

  private readArray(count: number): Reply | undefined {
    if (count < 0) return null;
    const items: Reply[] = [];
    while (items.length < count) {
      const item = this.read();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  private missing(lengthNeeded: number): undefined {
    this.lengthNeeded = lengthNeeded;
    return undefined;
  }
}
