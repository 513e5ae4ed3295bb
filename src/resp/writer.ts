import { ByteWriter } from '../io/writer.ts';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const star = 0x2a;
const dollar = 0x24;

/** Counts and lengths below this have at most three digits, and are most of all. */
const shortCountMax = 1000;

/**
 * Writes commands as an AOF has them.
 *
 *     command := '*' argc CRLF ( '$' length CRLF bytes CRLF ) × argc
 */
export class RespWriter extends ByteWriter {
  /** Commands begun. */
  commandCount = 0;

  /** Begins a command of `argc` arguments; as many calls of the `bulk` methods follow. */
  beginCommand(argc: number): void {
    this.commandCount++;
    this.writeHead(star, argc);
  }

  /** One argument: `source[from, to)`. */
  bulk(source: Uint8Array, from = 0, to = source.length): void {
    this.writeHead(dollar, to - from);
    this.writeBytes(source, from, to);
    this.endLine();
  }

  /** One argument: a binary string. */
  bulkText(text: string): void {
    this.writeHead(dollar, text.length);
    this.writeText(text);
    this.endLine();
  }

  /** One argument: an integer in decimal. */
  bulkInteger(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < shortCountMax) {
      this.writeHead(dollar, value < 10 ? 1 : value < 100 ? 2 : 3);
      this.writeDecimal(value);
      this.endLine();
    } else this.bulkText(String(value));
  }

  /** A whole command of texts. */
  command(...args: readonly string[]): void {
    this.commandOf(args);
  }

  /** The same of a list, however long. */
  commandOf(args: readonly string[]): void {
    this.beginCommand(args.length);
    for (const arg of args) this.bulkText(arg);
  }

  private writeHead(mark: number, count: number): void {
    this.reserve(20);
    if (count < shortCountMax) {
      const { bytes } = this;
      let position = this.length;
      bytes[position++] = mark;
      if (count >= 100) bytes[position++] = 48 + ((count / 100) | 0);
      if (count >= 10) bytes[position++] = 48 + (((count / 10) | 0) % 10);
      bytes[position++] = 48 + (count % 10);
      bytes[position++] = carriageReturn;
      bytes[position++] = lineFeed;
      this.length = position;
      return;
    }
    this.writeByte(mark);
    this.writeDecimal(count);
    this.endLine();
  }

  private endLine(): void {
    this.reserve(2);
    const { bytes, length } = this;
    bytes[length] = carriageReturn;
    bytes[length + 1] = lineFeed;
    this.length = length + 2;
  }
}
