import { Crc64 } from '../checksum/crc64.ts';
import { WindowChecksum } from '../checksum/window-checksum.ts';
import { FormatError } from '../faults.ts';
import { envelopeBytes, isEnvelope, readEnvelope } from '../io/envelope/vcs.ts';
import type { Source } from '../io/source.ts';
import type { CheckKernel } from '../kernels/check-kernel.ts';
import { databaseMax } from '../limits.ts';
import type { Fork } from '../servers/value-type-id.ts';
import { RdbInput } from './input.ts';
import { moduleTypeOf, skipModuleData } from './module-data.ts';
import {
  checksumVersionMin,
  hasNoEvict,
  hasUpdate,
  isOtherMagic,
  Opcode,
  valkeyVersionMin,
  versionMax,
} from './opcodes.ts';
import { isOwnNumber, type Product, productOfAux } from './product.ts';
import { readUpdateCommand } from './update-command.ts';
import { valueType } from './value-types.ts';

/**
 * Reads an RDB item by item.
 *
 *     file    := magic version item* 0xff [crc64]
 *     item    := aux | selectdb | resizedb | slot info | function | module aux | template | slot import | update | key
 *     key     := [expire] [idle | freq] [no eviction] [metadata] type name value
 *
 * After Item.key the window stands at the value: the caller moves over it (values/) before it calls `next` again.
 */
export const Item = {
  end: 0,
  key: 1,
  aux: 2,
  selectDb: 3,
  resizeDb: 4,
  function: 5,
  moduleAux: 6,
  slotInfo: 7,
  slotImport: 8,
  hashTemplate: 9,
  /** A command that is to be run on what was loaded so far (Valkey 9.2). */
  update: 10,
} as const;
export type Item = (typeof Item)[keyof typeof Item];

/** What was being read, in the words of redis-check-rdb. */
export type Doing =
  | 'start'
  | 'read-type'
  | 'read-expire'
  | 'read-key'
  | 'read-object-value'
  | 'check-sum'
  | 'read-len'
  | 'read-aux'
  | 'read-module-aux'
  | 'read-functions';

/**
 * ok, or why nothing can be said: the stored sum is zero, it stands in a compressed envelope, where servers do not look at it, the
 * version has none, or nobody asked for the computation.
 */
export type ChecksumState = 'ok' | 'mismatch' | 'disabled' | 'skipped' | 'absent' | 'unchecked';

/** What this library does not know the version of cannot be read; how far it looks is the caller's choice. */
export interface RdbReaderOptions {
  /** Whether the checksum is computed along the way. Default true. */
  readonly checksum?: boolean;
  /** Whose memory the input's window is, if it is theirs. */
  readonly checkKernel?: CheckKernel;
  /** Whether function libraries in the form of the release candidates of 7.0 are read, as 7.0 itself does and no other release. */
  readonly preReleaseFunctions?: boolean;
}

export class RdbReader {
  readonly input: RdbInput;
  fork: Fork = 'redis';
  version = 0;
  doing: Doing = 'start';
  db = 0;

  /** Where the current item began, its prefixes included. */
  itemOffset = 0;
  /** The current key: `key[0, keyLength)`; -1 while none is being read. Valid until the next key. */
  key = Buffer.allocUnsafeSlow(512);
  keyLength = -1;
  /** The current key was longer than `blobBytesMax`: it was passed over, and `key` is empty. */
  keyTooLong = false;
  /** Value type of the current key; -1 while none is being read. */
  type = -1;
  /** When the current key expires, milliseconds since 1970; NaN for never. */
  expire = Number.NaN;
  /** Seconds since the current key was used; -1 where the file does not say. */
  idle = -1;
  /** Use counter of the current key; -1 where the file does not say. */
  freq = -1;
  /** The current key is not to be evicted (Redis 8.12). */
  noEvict = false;
  /** Bytes of module metadata before the current key's type; 0 for none. */
  metaLength = 0;
  metaOffset = 0;

  /** Who wrote the file, as far as its aux fields have said so. */
  product: Product | undefined;
  /**
   * What was said of the next key is followed by another item, which stands between it and its key: a lane must not pass over that key, for
   * it knows nothing of it.
   */
  pending = false;
  /** Some of what is said of the current key stands before an item that comes before it, and where: the key's own bytes are not all of it. */
  detached = false;
  readonly prefixes: { readonly offset: number; readonly length: number }[] = [];

  auxName = '';
  auxValue = '';
  /** The command after Item.update, its name first; good until the next one. */
  updateArguments: readonly Buffer[] = [];
  /** Code of the function library after Item.function, and the module type's name after Item.moduleAux. */
  functionCode = '';
  moduleName = '';
  /** Where the last module aux's data began: after its id and moment. */
  moduleDataOffset = 0;
  /** Declared counts after Item.resizeDb. */
  declaredKeys = 0;
  declaredExpires = 0;
  /** Field lists by id, after Item.hashTemplate. */
  readonly templates = new Map<bigint, readonly string[]>();

  checksumState: ChecksumState = 'unchecked';
  storedChecksum = 0n;
  computedChecksum = 0n;
  /** Offset after the 0xff, where the stored checksum begins. */
  checksumOffset = 0;
  /** Offset of the first byte after the RDB. */
  endOffset = 0;
  /** The checksum so far; undefined where nobody asked for its computation. */
  readonly crc: Crc64 | WindowChecksum | undefined;
  private readonly takesPreRelease: boolean;

  constructor(input: RdbInput, options: RdbReaderOptions = {}) {
    this.input = input;
    this.takesPreRelease = options.preReleaseFunctions === true;
    if (options.checksum !== false)
      this.crc = options.checkKernel ? new WindowChecksum(options.checkKernel) : new Crc64();
  }

  static open(source: Source, options: RdbReaderOptions = {}): RdbReader {
    return new RdbReader(new RdbInput(source), options);
  }

  /** Reads magic and version. Faults: `rdb.signature`, `rdb.version.*`, `rdb.truncated`. */
  readHeader(): void {
    const { input } = this;
    if (this.crc !== undefined) input.startChecksum(this.crc);
    if (input.ensure(1)) this.refuseEnvelope();
    input.need(9);
    input.ensure(10);
    const at = input.offset;
    const text = input.bytes.latin1Slice(input.position, input.position + 9);
    const match = /^(REDIS|VALKEY)(.*)$/s.exec(text);
    if (match === null) {
      const code = isOtherMagic(text, input.bytes[input.position + 9] ?? 0) ? 'rdb.signature.unknown' : 'rdb.signature';
      input.position += 9;
      throw new FormatError(code, at, "'REDIS' or 'VALKEY'", JSON.stringify(text));
    }
    this.fork = match[1] === 'REDIS' ? 'redis' : 'valkey';
    // atoi's rules: what follows the digits does not count.
    this.version = Number(/^[ \t\n\v\f\r]*[+-]?\d+/.exec(match[2])?.[0] ?? 0);
    input.position += 9;
    this.checkVersion(at + match[1].length);
  }

  /** What is known of an envelope is taken off by the source; the rest is a newer one, or cut within its first bytes. */
  private refuseEnvelope(): void {
    const { input } = this;
    input.ensure(envelopeBytes);
    const head = input.bytes.subarray(input.position, Math.min(input.limit, input.position + envelopeBytes));
    if (!isEnvelope(head)) return;
    const envelope = readEnvelope(head);
    this.fork = 'valkey';
    const found = typeof envelope === 'string' ? `an envelope (${envelope}) within the file` : envelope.unknown;
    input.fail('rdb.unsupported.envelope', 'an envelope of version 1 with an LZ4 or Zstandard frame of an RDB', found);
  }

  private checkVersion(at: number): void {
    const { fork, version } = this;
    const least = fork === 'valkey' ? valkeyVersionMin : 1;
    const most = versionMax[fork];
    if (version >= least && version <= most) return;
    const code = version > most ? 'rdb.version.newer' : 'rdb.version.unsupported';
    throw new FormatError(code, at, `version ${least} to ${most}`, String(version));
  }

  /** The next item; after Item.key the caller must move over the value. Throws FormatError. */
  next(): Item {
    const { input } = this;
    this.itemOffset = input.offset;
    if (this.pending) this.detached = true;
    else this.forgetKey();
    this.type = this.keyLength = -1;
    for (;;) {
      this.doing = 'read-type';
      const code = input.byte();
      if (code < 240) {
        this.pending = false;
        return this.readKey(code);
      }
      if (code === Opcode.expireTimeMs) {
        this.doing = 'read-expire';
        this.expire = input.milliseconds();
      } else if (!this.readPrefix(code)) return this.readBetween(code);
    }
  }

  /** Nothing is said of the next key. */
  private forgetKey(): void {
    this.detached = false;
    this.expire = Number.NaN;
    this.idle = this.freq = -1;
    this.noEvict = false;
    this.metaLength = 0;
  }

  /** An item that is no key. What was said of the next key before it stays said: servers keep it until that key. */
  private readBetween(code: number): Item {
    const { input } = this;
    const at = input.offset - 1;
    if (at > this.itemOffset) {
      if (!this.pending) this.prefixes.length = 0;
      this.pending = true;
      this.prefixes.push({ offset: this.itemOffset, length: at - this.itemOffset });
      this.itemOffset = at;
    }
    return this.readOpcode(code);
  }

  private readKey(type: number): Item {
    const { input } = this;
    if (valueType(type, this) === undefined || (type >= 30 && isOwnNumber(this.product, type))) {
      input.fail('rdb.type.unknown', 'a value type or an opcode', String(type), input.offset - 1);
    }
    this.type = type;
    this.doing = 'read-key';
    this.keyTooLong = !input.string();
    const { textBytes, textStart } = input;
    const textLength = this.keyTooLong ? 0 : input.textLength;
    if (textLength > this.key.length) this.key = Buffer.allocUnsafeSlow(textLength * 2);
    const { key } = this;
    if (textLength > 64) textBytes.copy(key, 0, textStart, textStart + textLength);
    else for (let index = 0; index < textLength; index++) key[index] = textBytes[textStart + index];
    this.keyLength = textLength;
    this.doing = 'read-object-value';
    return Item.key;
  }

  /** The opcodes that say something of the next key. */
  private readPrefix(code: number): boolean {
    const { input } = this;
    if (code === Opcode.expireTime) {
      this.doing = 'read-expire';
      input.need(4);
      this.expire = input.bytes.readInt32LE(input.position) * 1000;
      input.position += 4;
      return true;
    }
    if (code === Opcode.idle) {
      this.idle = input.length();
      return true;
    }
    if (code === Opcode.freq) {
      this.freq = input.byte();
      return true;
    }
    if (code === Opcode.noEvict && hasNoEvict(this)) {
      this.noEvict = true;
      return true;
    }
    if (code !== Opcode.keyMeta || this.fork !== 'redis') return false;
    this.readKeyMeta();
    return true;
  }

  private readKeyMeta(): void {
    const { input } = this;
    this.metaOffset = input.offset - 1;
    const classes = input.length();
    if (classes > 7) input.fail('rdb.module.meta', 'at most 7 metadata classes', String(classes));
    for (let index = 0; index < classes; index++) {
      input.pass(4);
      skipModuleData(input);
    }
    this.metaLength = input.offset - this.metaOffset;
  }

  private readOpcode(code: number): Item {
    switch (code) {
      case Opcode.eof:
        return this.readEnd();
      case Opcode.selectDb:
        return this.readSelectDb();
      case Opcode.resizeDb:
        this.doing = 'read-len';
        this.declaredKeys = this.input.length();
        this.declaredExpires = this.input.length();
        return Item.resizeDb;
      case Opcode.aux:
        this.doing = 'read-aux';
        this.auxName = this.input.text();
        this.auxValue = this.input.text();
        this.product = productOfAux(this.product, this.auxName, this.auxValue);
        return Item.aux;
      case Opcode.moduleAux:
        return this.readModuleAux();
      case Opcode.function2:
        this.doing = 'read-functions';
        this.functionCode = this.input.text();
        return Item.function;
      case Opcode.slotInfo:
        this.doing = 'read-len';
        for (let index = 0; index < 3; index++) this.input.length();
        return Item.slotInfo;
      default:
        return this.readForkOpcode(code);
    }
  }

  private readForkOpcode(code: number): Item {
    const { input } = this;
    const at = input.offset - 1;
    if (code === Opcode.functionPreRelease) {
      this.doing = 'read-functions';
      if (this.takesPreRelease) return this.readPreRelease();
      input.fail('rdb.function.pre-release', 'a function in the form of 7.0', 'the form of a release candidate', at);
    }
    if (code === Opcode.hashTemplate && this.fork === 'redis') return this.readTemplate();
    if (code === Opcode.update && hasUpdate(this)) return this.readUpdate(at);
    if (code === Opcode.slotImport && this.fork === 'valkey') return this.readSlotImport();
    return input.fail('rdb.opcode.unknown', 'a value type or an opcode', String(code), at);
  }

  /** `name engine has_description [description] code`: as a library of today, its first line made up. */
  private readPreRelease(): Item {
    const { input } = this;
    const name = input.text();
    const engine = input.text();
    if (input.length() > 0) input.text();
    this.functionCode = `#!${engine} name=${name}\n${input.text()}`;
    return Item.function;
  }

  private readSelectDb(): Item {
    this.doing = 'read-len';
    const at = this.input.offset;
    const db = this.input.length();
    if (db > databaseMax) this.input.fail('rdb.length.db', `a database number up to ${databaseMax}`, String(db), at);
    this.db = db;
    return Item.selectDb;
  }

  private readModuleAux(): Item {
    const { input } = this;
    this.doing = 'read-module-aux';
    this.moduleName = moduleTypeOf(input.unsigned()).name;
    const at = input.offset;
    const opcode = input.length();
    if (opcode !== 2) input.fail('rdb.module.when', 'the opcode 2 before the moment', String(opcode), at);
    input.length();
    this.moduleDataOffset = input.offset;
    skipModuleData(input);
    return Item.moduleAux;
  }

  /** `id field_count field…`: fields ascend, the shorter first, then by their bytes. */
  private readTemplate(): Item {
    const { input } = this;
    const at = input.offset;
    const id = input.unsigned();
    if (this.templates.has(id)) input.fail('rdb.value.template', 'a template id of its own', String(id), at);
    const count = input.count('field names');
    if (count === 0) input.fail('rdb.value.template', 'at least one field', '0', at);
    const fields: string[] = [];
    for (let index = 0; index < count; index++) {
      const field = input.text();
      const last = fields[index - 1];
      if (last !== undefined && !(last.length < field.length || (last.length === field.length && last < field))) {
        input.fail('rdb.value.template', 'fields in ascending order', JSON.stringify(field), at);
      }
      fields.push(field);
    }
    this.templates.set(id, fields);
    return Item.hashTemplate;
  }

  private readSlotImport(): Item {
    const { input } = this;
    const at = input.offset;
    const name = input.text();
    if (name.length !== 40) input.fail('rdb.value.slot-import', 'a job name of 40 bytes', `${name.length} bytes`, at);
    const ranges = input.count('slot ranges', 2);
    for (let index = 0; index < ranges; index++) {
      const from = input.length();
      const to = input.length();
      if (from > to || to >= 16384)
        input.fail('rdb.value.slot-import', 'slots from 0 to 16383', `${from} to ${to}`, at);
    }
    return Item.slotImport;
  }

  private readUpdate(at: number): Item {
    if (!Number.isNaN(this.expire) || this.idle >= 0 || this.freq >= 0 || this.noEvict) {
      this.input.fail('rdb.update', 'a key after an expiry or a usage', 'a command', at);
    }
    this.updateArguments = readUpdateCommand(this.input);
    return Item.update;
  }

  private readEnd(): Item {
    const { input } = this;
    this.doing = 'check-sum';
    input.stopChecksum();
    this.checksumOffset = input.offset;
    this.computedChecksum = this.crc?.value() ?? 0n;
    if (this.version < checksumVersionMin) this.checksumState = 'absent';
    else {
      input.need(8);
      this.storedChecksum = input.bytes.readBigUInt64LE(input.position);
      input.position += 8;
      if (input.source.envelope !== undefined) this.checksumState = 'skipped';
      else if (this.storedChecksum === 0n) this.checksumState = 'disabled';
      else if (this.crc !== undefined) {
        this.checksumState = this.storedChecksum === this.computedChecksum ? 'ok' : 'mismatch';
      }
    }
    this.endOffset = input.offset;
    return Item.end;
  }
}
