import { MemorySource } from '../../bytes/source.ts';
import type { Keyspace } from '../../engine/keyspace.ts';
import { Kind, type SourceReader } from '../../engine/value.ts';
import { FlawError } from '../../rdb/encodings/flaw.ts';
import { RdbFault, RdbInput } from '../../rdb/input.ts';
import type { Fork } from '../../rdb/reader.ts';
import { readsType, type Target } from '../../rdb/targets.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { TypeId, typeInFile } from '../../rdb/value-type-id.ts';
import { checkValue } from '../../rdb/value-types.ts';

export interface ValueExamOptions {
  readonly target: Target;
  readonly fork: Fork;
  /** Values are looked through element by element (`sanitize-dump-payload yes`; Valkey 9.1 always does). */
  readonly deep: boolean;
  readonly templates: ReadonlyMap<bigint, readonly string[]>;
  readonly reader: SourceReader;
}

/** Why a server cannot hold a value. */
export type ValueFailure = 'type' | 'damaged' | 'module';

/** Looks at the values of an RDB as a server does that loads it, beyond their framing. */
export class ValueExam {
  private readonly options: ValueExamOptions;
  private readonly check: ValueCheck;

  constructor(options: ValueExamOptions) {
    this.options = options;
    this.check = new ValueCheck(options.deep, options.templates, 0);
    this.check.fork = options.fork;
  }

  /** What is wrong with an entry, if it is a value of the RDB that nothing has touched. */
  failure(keys: Keyspace, entry: number): ValueFailure | undefined {
    if (keys.kind(entry) !== Kind.Serialized) return undefined;
    const type = keys.rdbType(entry);
    if (!readsType(this.options.target, type)) return 'type';
    const isModule = type === TypeId.module;
    if (!isModule && !this.options.deep) return undefined;
    return this.look(keys, entry, typeInFile(type));
  }

  private look(keys: Keyspace, entry: number, type: number): ValueFailure | undefined {
    const { check, options } = this;
    const bytes = options.reader.read(keys.source(entry), keys.offset(entry), keys.length(entry));
    check.begin();
    try {
      checkValue(new RdbInput(new MemorySource(bytes)), type, check);
    } catch (error) {
      if (error instanceof RdbFault || error instanceof FlawError) return 'damaged';
      throw error;
    }
    if (check.moduleName !== '') return 'module';
    return check.notes.some(({ severity }) => severity === 'error') ? 'damaged' : undefined;
  }
}
