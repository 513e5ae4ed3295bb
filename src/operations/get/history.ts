import { LogMatcher } from '../../aof/log/matcher.ts';
import { LogPlace } from '../../aof/log/visitor.ts';
import { fillRecord } from '../../dataset/entry-record.ts';
import type { CommandObserver, Loaded } from '../../dataset/load.ts';
import { jsonTextOf } from '../../keys/json-text.ts';
import { KeyJson } from '../../keys/key-json.ts';
import { type Key, KeyMaker } from '../../keys/key-maker.ts';
import { type ScanOptions, type ScanResult, scanKeys } from '../../keys/scan-keys.ts';
import { KeyRecord } from '../../rdb/key-record.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { Target } from '../../servers/targets.ts';

/** A command that changed a key, and what the key was then. */
export interface KeyChange {
  readonly path: string;
  /** Where the command begins in its file, and its number there, from 1; 0 for the state in the RDB at the front. */
  readonly offset: number;
  readonly ordinal: number;
  /** Seconds since 1970 of the last annotation before it; undefined where none came yet. */
  readonly time?: number;
  /** The command and its arguments; nothing for the state in the RDB at the front. Of a transaction its EXEC, and then what was queued. */
  readonly command: readonly Buffer[];
  readonly queued?: readonly (readonly Buffer[])[];
  /** Undefined where there is no such key any more. */
  readonly key: Key | undefined;
  /** The change as an object of JSON, where that is wanted. */
  readonly json?: string;
}

export interface HistoryOptions extends ScanOptions {
  readonly database: number;
  readonly target?: Target;
  /** Whether changes are wanted as JSON, too. */
  readonly json?: boolean;
  /** Called with each change, in the order of the log. */
  readonly onChange: (change: KeyChange) => void;
}

/** Tells every command of a log that changed a key, with the value after each. Throws as `scanKeys`. */
export async function keyHistory(
  path: string,
  name: Buffer,
  options: HistoryOptions,
): Promise<ScanResult & { readonly changes: number }> {
  const history = new History(name, options);
  const result = await scanKeys(path, { ...options, observer: history }, { key: () => false });
  return { ...result, keys: 0, changes: history.changes };
}

const multi = 'MULTI';
const jsonText = jsonTextOf('utf8');

class History implements CommandObserver {
  changes = 0;
  private readonly name: Buffer;
  private readonly options: HistoryOptions;
  private readonly matcher: LogMatcher;
  private readonly place = new LogPlace({ path: '', name: '', role: 'file', sequence: 0 });
  private readonly maker: KeyMaker;
  private readonly lines: KeyJson;
  private record: KeyRecord | undefined;
  private time: number | undefined;
  /** The key as it was last told, serialized; undefined where there was none. */
  private last: Buffer | undefined;
  private lastExpiry = Number.NaN;
  private queued: (readonly Buffer[])[] = [];

  constructor(name: Buffer, options: HistoryOptions) {
    this.name = name;
    this.options = options;
    this.matcher = new LogMatcher({ keys: [name.latin1Slice().replace(/[*?[\]\\]/g, '\\$&')] });
    this.maker = new KeyMaker({ raw: true, encoded: true, value: true }, options.target);
    this.lines = new KeyJson(this.maker);
  }

  rdb(loaded: Loaded): void {
    const { path } = loaded.files[loaded.files.length - 1];
    this.compare(loaded, { path, offset: 0, ordinal: 0, command: [] }, false);
  }

  annotation(seconds: number): void {
    this.time = seconds;
  }

  executed(frame: CommandView, path: string, loaded: Loaded): void {
    const touches = this.matcher.command(frame, this.place);
    if (loaded.session.inTransaction) {
      if (touches && frame.text(0).toUpperCase() !== multi) this.queued.push(argumentsOf(frame));
      return;
    }
    const { queued } = this;
    if (!touches && queued.length === 0) return;
    this.queued = [];
    const { start: offset, ordinal } = frame;
    const command = argumentsOf(frame);
    this.compare(loaded, { path, offset, ordinal, command, ...(queued.length > 0 && { queued }) }, true);
  }

  private begin({ session, codec }: Loaded): KeyRecord {
    const { flavor } = session;
    const fork = flavor.startsWith('valkey') ? 'valkey' : 'redis';
    this.maker.begin({ fork, version: 0, serverVersion: '', flavor });
    return new KeyRecord(codec);
  }

  /** Tells of a change, if there is one. */
  private compare(loaded: Loaded, where: Omit<KeyChange, 'key' | 'time'>, isCommand: boolean): void {
    const { name, options, maker } = this;
    const keys = loaded.dataset.database(options.database);
    const entry = keys.find(name, 0, name.length);
    let key: Key | undefined;
    if (entry >= 0) {
      this.record ??= this.begin(loaded);
      // Each RDB that is loaded brings field lists of its own.
      this.record.codec = loaded.codec;
      fillRecord(this.record, loaded, options.database, entry);
      key = maker.make(this.record);
    }
    const bytes = key?.raw && Buffer.concat([Buffer.from([key.raw.type]), key.raw.bytes]);
    const expiry = key?.expiry ?? Number.NaN;
    // What has no serialized form may have changed with every command on it.
    const isHidden = key !== undefined && bytes === undefined;
    const isSame = !isHidden && Object.is(expiry, this.lastExpiry) && equal(bytes, this.last);
    this.last = isHidden ? Buffer.alloc(0) : bytes;
    this.lastExpiry = expiry;
    if (isSame || (!isCommand && key === undefined)) return;
    this.changes++;
    const change = { ...where, ...(isCommand && this.time !== undefined && { time: this.time }), key };
    options.onChange(options.json ? { ...change, json: this.json(change) } : change);
  }

  private json({ path, offset, ordinal, time, command, queued, key }: KeyChange): string {
    const text = (bytes: Buffer) => jsonText(bytes.latin1Slice());
    const words = (all: readonly Buffer[]) => `[${all.map(text).join(',')}]`;
    const parts = [`"file":${JSON.stringify(path)}`, `"offset":${offset}`, `"ordinal":${ordinal}`];
    if (time !== undefined) parts.push(`"time":${time}`);
    if (command.length > 0) parts.push(`"command":${words(command)}`);
    if (queued !== undefined) parts.push(`"queued":[${queued.map(words).join(',')}]`);
    const record = key === undefined ? undefined : this.record;
    parts.push(`"key":${record === undefined ? 'null' : this.lines.key(record)}`);
    return `{${parts.join(',')}}`;
  }
}

const equal = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.equals(b);

const argumentsOf = (frame: CommandView): Buffer[] =>
  Array.from({ length: frame.argc }, (_, index) => frame.copy(index));
