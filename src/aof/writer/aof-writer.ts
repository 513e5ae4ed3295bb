import type { ByteSink } from '../../io/writer.ts';
import { encodePayload } from '../../rdb/codec/payload.ts';
import { RdbOutput } from '../../rdb/output.ts';
import { encodeValue } from '../../rdb/writer/value-encoder.ts';
import { RespWriter } from '../../resp/writer.ts';
import type { Loss, LossKind } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';
import type { Value } from '../../values/value.ts';
import { ValueRewriter } from './value-rewriter.ts';

export type OnExisting = 'replace' | 'skip';

export interface AofWriterOptions {
  readonly target: Target;
  /** The moment of writing, ms since 1970: what a stream's producers sent too long ago is left out. Default 0: nothing is. */
  readonly now?: number;
  /**
   * What becomes of a key that the server has already: the commands add to it (undefined), DEL before them replaces it, or RESTORE
   * without REPLACE leaves it alone and is answered with an error.
   */
  readonly onExisting?: OnExisting;
  /** Told everything that the target, or the form of commands, cannot hold. */
  readonly onLoss?: (loss: Loss) => void;
}

/**
 * Writes a dataset as commands: functions, then per database `selectDatabase` and its keys, then `finish`. The counterpart of
 * RdbWriter, with the same calls. The sink gets pieces of at least 256 KiB.
 */
export class AofWriter {
  readonly target: Target;
  /** Where the commands go: for a caller that adds some of its own. */
  readonly out: RespWriter;
  /** Keys written. */
  keyCount = 0;
  private readonly values: ValueRewriter;
  private readonly onLoss: (loss: Loss) => void;
  private readonly onExisting: OnExisting | undefined;
  private db = 0;
  private key: Uint8Array = new Uint8Array(0);
  private keyFrom = 0;
  private keyTo = 0;

  constructor(sink: ByteSink, options: AofWriterOptions) {
    this.target = options.target;
    this.onLoss = options.onLoss ?? (() => {});
    this.onExisting = options.onExisting;
    this.out = new RespWriter(sink);
    this.values = new ValueRewriter(this.out, options.target, {
      now: options.now,
      lose: (kind, outcome, reason) => this.lose(kind, outcome, reason),
    });
  }

  private lose(kind: LossKind, outcome: Loss['outcome'], reason: string): void {
    const { key, keyFrom, keyTo, db } = this;
    const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).latin1Slice(keyFrom, keyTo);
    this.onLoss({ db, key: name, kind, outcome, reason });
  }

  /** Bytes written so far. */
  get offset(): number {
    return this.out.offset;
  }

  /** The annotation that `aof-timestamp-enabled` puts first: seconds since 1970. */
  writeTimestamp(seconds: number): void {
    this.out.writeText(`#TS:${seconds}\r\n`);
  }

  /** A function library's code, a binary string. */
  writeFunction(code: string): void {
    if (this.target.hasFunctions) {
      if (this.onExisting === 'replace') this.out.command('FUNCTION', 'LOAD', 'REPLACE', code);
      else this.out.command('FUNCTION', 'LOAD', code);
      this.out.settle();
      return;
    }
    this.keyFrom = this.keyTo = 0;
    this.lose('function', 'part-dropped', `${this.target.name} has no functions`);
  }

  selectDatabase(db: number): void {
    this.db = db;
    this.out.command('SELECT', String(db));
  }

  /** Writes the key `key[keyFrom, keyTo)`; `expire` in ms since 1970, NaN for never. False where the target cannot hold it. */
  writeKey(key: Uint8Array, keyFrom: number, keyTo: number, expire: number, value: Value, noEvict = false): boolean {
    this.key = key;
    this.keyFrom = keyFrom;
    this.keyTo = keyTo;
    if (this.onExisting === 'replace') this.remove();
    if (this.onExisting === 'skip') {
      if (!this.restore(expire, value)) return false;
    } else if (!this.values.rewrite(key, keyFrom, keyTo, value, expire)) return false;
    this.keyCount++;
    if (noEvict) this.bless();
    return true;
  }

  private remove(): void {
    const { out } = this;
    out.beginCommand(2);
    out.bulkText('DEL');
    out.bulk(this.key, this.keyFrom, this.keyTo);
  }

  /** `RESTORE key milliseconds payload ABSTTL`; 0 milliseconds for a key that never expires. False where the target has no such value. */
  private restore(expire: number, value: Value): boolean {
    const { out, target } = this;
    const encoded = new RdbOutput();
    const lose = (kind: LossKind, outcome: Loss['outcome'], reason: string) => this.lose(kind, outcome, reason);
    const type = encodeValue(encoded, value, target, { lose });
    if (type < 0) return false;
    out.beginCommand(5);
    out.bulkText('RESTORE');
    out.bulk(this.key, this.keyFrom, this.keyTo);
    out.bulkText(Number.isNaN(expire) ? '0' : String(Math.max(1, expire)));
    out.bulk(encodePayload(type, encoded.bytes.subarray(0, encoded.length), target));
    out.bulkText('ABSTTL');
    out.settle();
    return true;
  }

  /**
   * Writes a key with its serialized value, `raw[rawFrom, rawTo)` of this canonical type, without decoding it first; false, with
   * nothing written, where it must be decoded and written by `writeKey`. Throws FormatError or EncodingError on damaged bytes.
   */
  writeRawKey(
    type: number,
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    expire: number,
    raw: Buffer,
    rawFrom: number,
    rawTo: number,
    noEvict = false,
  ): boolean {
    if (this.onExisting !== undefined) return false;
    if (!this.values.rewriteRaw(key, keyFrom, keyTo, type, raw, rawFrom, rawTo, expire)) return false;
    this.keyCount++;
    if (noEvict) {
      this.key = key;
      this.keyFrom = keyFrom;
      this.keyTo = keyTo;
      this.bless();
    }
    return true;
  }

  /** Marks the key that was written last, as a server's rewrite does behind the key's own commands (keyattr.c of 8.12). */
  private bless(): void {
    const { out, target } = this;
    if (!target.hasNoEvict) {
      this.lose('no-evict', 'part-dropped', `${target.name} does not know BLESS`);
      return;
    }
    out.beginCommand(4);
    out.bulkText('BLESS');
    out.bulkText('SET');
    out.bulk(this.key, this.keyFrom, this.keyTo);
    out.bulkText('NO-EVICT');
    out.settle();
  }

  /** Writes the commands of `keys` keys as somebody else made them, `bytes[0, length)`. */
  writeCommands(bytes: Uint8Array, length: number, keys: number): void {
    this.out.writeBytes(bytes, 0, length);
    this.out.settle();
    this.keyCount += keys;
  }

  /** Hands what was written so far to the sink. */
  spill(): void {
    this.out.spill();
  }

  /** Hands everything to the sink; the file's length. */
  finish(): number {
    this.out.spill();
    return this.out.offset;
  }
}
