import { FormatError } from '../../faults.ts';
import { FileSource } from '../../io/source.ts';
import { escapeBytes } from '../../io/text.ts';
import { borrowLanes, returnLanes } from '../../kernels/lanes.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { LoadExam, type Refusal } from '../../rdb/load-check.ts';
import { alwaysLooksDeep } from '../../rdb/load-rules.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { RdbFastLane } from '../../rdb/record-batch.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue, valueType } from '../../rdb/value-types.ts';
import { mendedCodes } from '../../rdb/writer/mended-values.ts';
import { findTarget } from '../../servers/targets.ts';

export interface RdbExamTask {
  readonly path: string;
  /** The release that is to load what is written of it. */
  readonly target: string;
  readonly seed: number;
  /** Whether libraries are looked at: where they are carried on. */
  readonly libraries: boolean;
  /** Whether streams are encoded anew where that puts them right, instead of being copied. */
  readonly mends: boolean;
  /** So many that are refused are looked for. Default 20. */
  readonly max?: number;
  /** Whether unsorted intsets are among what is encoded anew: not where ranges of records are copied without a look. */
  readonly sorts?: boolean;
}

/** A value, or a library, that the target refuses. */
export interface RefusedValue {
  readonly path: string;
  readonly refusal: Refusal;
  readonly key?: { readonly name: string; readonly db: number; readonly type: string };
}

/** Values that are told of one by one. */
const refusedMax = 20;

/** Looks at the values of an RDB as the target's loader would: what it would refuse must not be written for it. */
export async function examineRdb(task: RdbExamTask): Promise<RefusedValue[]> {
  const target = findTarget(task.target);
  if (target === undefined) throw new Error(`no target ${task.target}`);
  const { checkLibrary } = await import('../../functions/library-check.ts');
  const exam = new LoadExam({ target, deep: alwaysLooksDeep(target), checkLibrary });
  const source = FileSource.open(task.path);
  const lanes = borrowLanes();
  try {
    return new RdbExam(new RdbInput(source, windowBytes, lanes?.window()), exam, task, lanes).run();
  } finally {
    returnLanes(lanes);
    source.close();
  }
}

class RdbExam {
  private readonly refused: RefusedValue[] = [];
  private readonly reader: RdbReader;
  private readonly lane: RdbFastLane | undefined;
  private readonly values: ValueCheck;
  private readonly exam: LoadExam;
  private readonly task: RdbExamTask;

  constructor(input: RdbInput, exam: LoadExam, task: RdbExamTask, lanes: ReturnType<typeof borrowLanes>) {
    this.exam = exam;
    this.task = task;
    this.reader = new RdbReader(input, { checksum: false });
    this.lane = lanes && new RdbFastLane(this.reader, lanes, { deep: true, seed: task.seed });
    this.values = new ValueCheck(true, this.reader.templates, task.seed);
  }

  run(): RefusedValue[] {
    const { reader, refused } = this;
    const { max = refusedMax } = this.task;
    try {
      reader.readHeader();
      this.values.ofFormat(reader);
      while (refused.length < max && this.readItem());
    } catch (error) {
      // What cannot be read at all is told by whoever loads it.
      if (!(error instanceof FormatError)) throw error;
      if (reader.type >= 0 && error instanceof FormatError) this.note({ ...faultOf(error), outcome: 'refuses' });
    }
    return refused;
  }

  private readItem(): boolean {
    const { reader, lane, values, exam } = this;
    while (lane?.pass());
    const item = reader.next();
    if (item === Item.end) return false;
    if (item === Item.key) {
      values.begin();
      checkValue(reader.input, reader.type, values);
      this.judge(exam.valueRefusals(values, reader.type));
    } else if (item === Item.function && this.task.libraries)
      this.note(exam.libraryRefusal(reader.functionCode, reader.itemOffset));
    return true;
  }

  private judge(refusals: readonly Refusal[]): void {
    for (const refusal of refusals) if (!this.isMended(refusal)) this.note(refusal);
  }

  private isMended({ code }: Refusal): boolean {
    const { mends, sorts = false } = this.task;
    return mends && mendedCodes.has(code) && (sorts || code !== 'intset.order');
  }

  private note(refusal: Refusal | undefined): void {
    if (refusal === undefined) return;
    const { reader } = this;
    if (reader.keyLength < 0) {
      this.refused.push({ path: this.task.path, refusal });
      return;
    }
    const type = valueType(reader.type, reader)?.name ?? String(reader.type);
    const name = escapeBytes(reader.key, 0, reader.keyLength);
    this.refused.push({ path: this.task.path, refusal, key: { name, db: reader.db, type } });
  }
}

const faultOf = ({ code, offset, expected, found }: FormatError) => ({ code, offset, expected, found });
