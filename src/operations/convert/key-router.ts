import { type KeyTest, keyTest } from '../../dataset/filter.ts';
import { slotOf } from '../../engine/slot.ts';
import { isVectorSet, ModuleValue } from '../../rdb/codec/module-value.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import { needsModule } from '../../rdb/module-data.ts';
import { auxField, ownFields } from '../../rdb/writer/aux-fields.ts';
import type { LossKind } from '../../servers/losses.ts';
import type { Target } from '../../servers/targets.ts';
import { TypeId } from '../../servers/value-type-id.ts';
import type { SeenKeys } from './conflicts.ts';
import type { CountedLosses } from './counted-losses.ts';
import type { CommandCopying, KeyReceiver, SlotRecord, SpanCopying } from './key-receiver.ts';
import type { KeySink } from './key-sink.ts';
import type { ConvertOptions, ModulePolicy } from './options.ts';
import { type SlotTable, slotTable } from './slots.ts';

export interface RouterParts {
  readonly sinks: readonly KeySink[];
  readonly ledger: CountedLosses;
  /** Where several keys of a name may meet. */
  readonly seen: SeenKeys | undefined;
  /** Whether the sinks take ordinary keys as they stand, or as commands. */
  readonly spans: SpanCopying;
  readonly commandCopying: CommandCopying;
  /** Changes when a key and the fields of a hash expire; undefined where all stay. */
  readonly moments: ((record: KeyRecord) => void) | undefined;
  /** Whether the file's place in a replication was written with its head. */
  readonly goesOn: boolean;
  readonly target: Target;
}

/** Whether these options change or leave out any key, so that a log must be replayed for them. */
export function changesKeys(options: ConvertOptions): boolean {
  const { ttl, databases, renamePrefixes, filter, slots, splitBySlot } = options;
  if ((ttl !== undefined && ttl.kind !== 'keep') || (databases?.size ?? 0) > 0) return true;
  if ((renamePrefixes?.length ?? 0) > 0 || slots !== undefined || splitBySlot !== undefined) return true;
  return (options.modules ?? 'keep') !== 'keep' || keyTest(filter ?? {}) !== undefined;
}

/** Changes keys as the options say, and hands each to the sink that it belongs to. */
export class KeyRouter implements KeyReceiver {
  filtered = 0;
  /** Why nothing may be written; '' if nothing speaks against it. */
  refusal = '';
  readonly spans: SpanCopying;
  readonly commandCopying: CommandCopying;
  private readonly parts: RouterParts;
  private readonly passes: KeyTest | undefined;
  private readonly databases: ReadonlyMap<number, number> | undefined;
  private readonly renames: readonly (readonly [from: string, to: string])[];
  private readonly owners: SlotTable | undefined;
  /** Whether the outputs are for the nodes of a cluster. */
  private readonly splits: boolean;
  private readonly modules: ModulePolicy;
  /** The database that each sink writes to; -1 before the first. */
  private readonly current: Int32Array;
  /** Whether all keys go where they came from, unchanged. */
  private readonly isPlain: boolean;
  /** Of aux fields and records of slots one of a kind is noted. */
  private readonly noted = new Set<string>();
  private wanted = -1;
  private hintKeys = 0;
  private hintExpires = 0;

  constructor(options: ConvertOptions, parts: RouterParts) {
    this.parts = parts;
    this.passes = keyTest(options.filter ?? {});
    this.databases = options.databases;
    this.renames = options.renamePrefixes ?? [];
    this.modules = options.modules ?? 'keep';
    const { splitBySlot, slots } = options;
    this.splits = splitBySlot !== undefined;
    if (splitBySlot !== undefined || slots !== undefined) this.owners = slotTable(splitBySlot ?? 1, slots);
    this.current = new Int32Array(parts.sinks.length).fill(-1);
    const isPlain = parts.seen === undefined && !changesKeys(options);
    this.isPlain = isPlain;
    this.spans = isPlain ? parts.spans : 'none';
    this.commandCopying = isPlain ? parts.commandCopying : 'none';
  }

  function(code: string): void {
    const { seen, sinks } = this.parts;
    if (seen !== undefined && !seen.takeLibrary(code)) return;
    for (const sink of sinks) sink.function(code);
  }

  moduleAux(moduleName: string, bytes: Buffer, from: number, to: number): void {
    if (needsModule(moduleName) && this.modules !== 'keep') this.refuseModule('module-aux', 0, '', moduleName);
    else for (const sink of this.parts.sinks) sink.moduleAux(bytes, from, to);
  }

  aux(name: string, value: string): void {
    if (ownFields.has(name)) return;
    const { kind, what } = auxField(name);
    if (kind === 'replication-state') {
      if (!this.parts.goesOn) this.lose(kind, what);
      return;
    }
    // Sizes of slots stand between keys.
    if (kind === 'slot-sizes') this.selectAll();
    const isCarried = kind === 'aux-field' || kind === 'script' || this.isPlain;
    for (const sink of this.parts.sinks) if (!isCarried || !sink.aux(name, value)) this.lose(kind, what);
  }

  slots(record: SlotRecord, bytes: Buffer, from: number, to: number): void {
    const [kind, what] =
      record === 'sizes'
        ? (['slot-sizes', 'the sizes of slots'] as const)
        : (['slot-migration', 'the slots that were being imported'] as const);
    if (record === 'sizes') this.selectAll();
    for (const sink of this.parts.sinks)
      if (!this.isPlain || !sink.slots(record, bytes, from, to)) this.lose(kind, what);
  }

  private lose(kind: LossKind, what: string): void {
    if (this.noted.has(kind)) return;
    this.noted.add(kind);
    const reason = `${what} cannot be carried to ${this.parts.target.name} in this form`;
    this.parts.ledger.add({ db: 0, key: '', kind, outcome: 'part-dropped', reason });
  }

  private selectAll(): void {
    if (this.isPlain) for (const [shard, sink] of this.parts.sinks.entries()) this.select(shard, sink);
  }

  database(database: number, keys: number, expires: number): void {
    this.wanted = this.databases?.get(database) ?? database;
    const shards = this.parts.sinks.length;
    this.hintKeys = Math.ceil(keys / shards);
    this.hintExpires = Math.ceil(expires / shards);
  }

  span(bytes: Buffer, from: number, to: number, count: number): void {
    const [sink] = this.parts.sinks;
    this.select(0, sink);
    sink.span?.(bytes, from, to, count);
  }

  commands(bytes: Buffer, length: number, count: number): void {
    const [sink] = this.parts.sinks;
    this.select(0, sink);
    sink.commands?.(bytes, length, count);
  }

  key(record: KeyRecord): void {
    if (this.passes?.(record) === false) {
      this.filtered++;
      return;
    }
    if (this.modules !== 'keep' && this.isOfModule(record)) return;
    if (this.renames.length > 0) this.rename(record);
    const shard = this.owners === undefined ? 0 : this.shardOf(record, this.owners);
    if (shard < 0) {
      this.filtered++;
      return;
    }
    record.database = this.databases?.get(record.database) ?? record.database;
    if (this.splits && record.database > 0 && this.refusal === '')
      this.refusal = `a cluster has database 0 alone, and there are keys in database ${record.database}: see --db-map`;
    const { seen, sinks } = this.parts;
    if (seen !== undefined && !seen.take(record.database, record.key, record.keyFrom, record.keyTo)) return;
    this.parts.moments?.(record);
    if (isTemplate(record.type)) this.noteTemplate(record);
    if (this.parts.target.hasModules) this.noteModule(record);
    this.select(shard, sinks[shard]);
    sinks[shard].key(record);
  }

  private select(shard: number, sink: KeySink): void {
    // A file may begin with keys before it names a database.
    if (this.wanted < 0) this.wanted = this.databases?.get(0) ?? 0;
    if (this.current[shard] === this.wanted) return;
    this.current[shard] = this.wanted;
    sink.database(this.wanted, this.hintKeys, this.hintExpires);
  }

  private shardOf(record: KeyRecord, slots: SlotTable): number {
    return slots[slotOf(record.key, record.keyFrom, record.keyTo - record.keyFrom)];
  }

  private rename(record: KeyRecord): void {
    const { name } = record;
    const rule = this.renames.find(([from]) => name.startsWith(from));
    if (rule !== undefined) record.rename(rule[1] + name.slice(rule[0].length));
  }

  /** Drops or refuses what a module made; true if the key goes no further. */
  private isOfModule(record: KeyRecord): boolean {
    const typeName = moduleOf(record);
    if (typeName === undefined) return false;
    this.refuseModule('module', record.database, record.name, typeName);
    return true;
  }

  private refuseModule(kind: 'module' | 'module-aux', db: number, key: string, typeName: string): void {
    const outcome = kind === 'module' ? 'key-dropped' : 'part-dropped';
    const reason = `of the module type ${typeName}, and modules are not to be kept`;
    this.parts.ledger.add({ db, key, kind, outcome, reason }, this.modules === 'drop');
    if (this.modules === 'fail' && this.refusal === '') this.refusal = `there is data of the module type ${typeName}`;
  }

  private noteModule(record: KeyRecord): void {
    const typeName = moduleOf(record);
    if (typeName === undefined) return;
    const reason = `kept as a module value: a server loads it only with the module of the type ${typeName}`;
    const { database: db, name: key } = record;
    this.parts.ledger.add({ db, key, kind: 'module-kept', outcome: 'kept', reason });
  }

  private noteTemplate(record: KeyRecord): void {
    const reason = 'the fields that it shares with other hashes are written out';
    const { database: db, name: key } = record;
    this.parts.ledger.add({ db, key, kind: 'hash-template', outcome: 'flattened', reason });
  }
}

/** The module type of a value that needs its module loaded. */
function moduleOf(record: KeyRecord): string | undefined {
  const { type, value, raw, rawFrom, rawTo } = record;
  if (type < 0) {
    if (!(value instanceof ModuleValue) || !needsModule(value.typeName)) return undefined;
    return value.typeName;
  }
  if (type !== TypeId.module || isVectorSet(raw, rawFrom, rawTo)) return undefined;
  return new ModuleValue(raw.subarray(rawFrom, rawTo)).typeName;
}

function isTemplate(type: number): boolean {
  return type === TypeId.templateListpackReference || type === TypeId.templateArrayReference;
}
