import { FormatError } from '../../faults.ts';
import type { Source } from '../../io/source.ts';
import type { CheckKernel } from '../../kernels/check-kernel.ts';
import type { RdbInput } from '../../rdb/input.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { RecordBatch } from '../../rdb/record-batch.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';
import type { LogRdb } from './options.ts';

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 17;

/** Passes over the RDB at the front of a part and counts its keys. Throws FormatError or EncodingError. */
export async function passRdb(
  input: RdbInput,
  checkKernel: CheckKernel | undefined,
  pause: () => Promise<void>,
  reopen: () => Source | undefined = () => undefined,
): Promise<LogRdb> {
  const counter = new RdbCounter(input, checkKernel);
  try {
    counter.begin();
    while (!counter.passItems(itemsBetweenPauses)) await pause();
  } catch (error) {
    throw error instanceof FormatError ? await renamed(error, counter.reader, reopen) : error;
  }
  const { reader, keys, expires } = counter;
  return { offset: 0, length: input.offset, fork: reader.fork, version: reader.version, keys, expires };
}

/** The fault under the code that it is reported with. */
async function renamed(fault: FormatError, reader: RdbReader, reopen: () => Source | undefined): Promise<FormatError> {
  const { nameFault, nameFaultOf } = await import('../name-fault.ts');
  const { mayBeUnsupported } = await import('../../rdb/unsupported.ts');
  if (!mayBeUnsupported(fault.code)) return fault;
  const source = reopen();
  try {
    // What cannot be read again has no proof: then nothing says that it is damaged.
    const { code } = source === undefined ? await nameFault(fault, reader) : nameFaultOf(fault, reader, source);
    return new FormatError(code, fault.offset, fault.expected, fault.found);
  } finally {
    source?.close();
  }
}

class RdbCounter {
  keys = 0;
  expires = 0;
  readonly reader: RdbReader;
  private readonly values: ValueCheck;
  private readonly batch: RecordBatch | undefined;

  constructor(input: RdbInput, checkKernel: CheckKernel | undefined) {
    // Nobody asks for the checksum here.
    const reader = new RdbReader(input, { checkKernel, checksum: false });
    this.reader = reader;
    input.trusting = true;
    this.values = new ValueCheck(false, reader.templates, 0);
    this.batch = checkKernel && new RecordBatch(reader, checkKernel, { deep: false, seed: 0 });
  }

  begin(): void {
    this.reader.readHeader();
    this.values.ofFormat(this.reader);
  }

  /** Passes over about `most` items; true at the end. */
  passItems(most: number): boolean {
    const { reader, batch, values } = this;
    for (let index = 0; index < most; index++) {
      while (batch?.pass()) {
        index += batch.count;
        this.keys += batch.count;
        this.expires += batch.expires;
      }
      const item = reader.next();
      if (item === Item.end) return true;
      if (item !== Item.key) continue;
      this.keys++;
      if (!Number.isNaN(reader.expire)) this.expires++;
      values.begin();
      checkValue(reader.input, reader.type, values);
    }
    return false;
  }
}
