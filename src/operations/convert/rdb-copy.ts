import { FindingList } from '../../aof/report.ts';
import type { Sources } from '../../dataset/sources.ts';
import type { Source } from '../../io/source.ts';
import type { ByteSink } from '../../io/writer.ts';
import { borrowCheckKernel, returnCheckKernel } from '../../kernels/check-kernel.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import type { InspectedPart } from './inspect.ts';
import { RdbScan } from './rdb-scan.ts';
import { type Assumptions, PlanInvalidated } from './rdb-source.ts';

/**
 * Copies an RDB that nobody has read before, byte for byte, while it is looked through. Throws PlanInvalidated for whatever a survey would
 * have found: then nothing that the sink got is worth anything.
 */
export async function copyRdb(
  { path, source, report }: InspectedPart,
  sources: Sources,
  { bytes, seed, noted }: Assumptions,
  sink: ByteSink,
  pause: () => Promise<void>,
): Promise<void> {
  const checkKernel = borrowCheckKernel();
  const plain = sources.reopen(source);
  sink.copy?.(sources.descriptor(source), 0, bytes);
  const copying = sink.copy === undefined ? new CopyingSource(plain, sink) : plain;
  const input = new RdbInput(copying, windowBytes, checkKernel?.window());
  const reopen = () => sources.reopen(source);
  const how = { path, findings: new FindingList(), seed, checkKernel, reopen, pause, noted, quiet: true, summed: true };
  const scan = new RdbScan(input, how);
  try {
    if (!(await scan.run())) throw new PlanInvalidated('it is damaged');
  } finally {
    returnCheckKernel(checkKernel);
  }
  const { length, checksum, updates, memberExpiries } = scan.report;
  if (checksum.state !== 'ok') throw new PlanInvalidated('it is damaged');
  if (length !== bytes || !input.atEnd()) throw new PlanInvalidated('it ends elsewhere');
  if (scan.suspicious) throw new PlanInvalidated('keys may stand twice');
  if (updates !== undefined || memberExpiries !== undefined) throw new PlanInvalidated('it holds commands');
  Object.assign(report, { rdb: scan.report });
}

/** A source whose bytes go to a sink as they are read. */
class CopyingSource implements Source {
  readonly name: string;
  readonly size: number | undefined;
  private readonly source: Source;
  private readonly sink: ByteSink;

  constructor(source: Source, sink: ByteSink) {
    this.name = source.name;
    this.size = source.size;
    this.source = source;
    this.sink = sink;
  }

  read(into: Uint8Array, position: number, length: number): number {
    const count = this.source.read(into, position, length);
    if (count > 0) this.sink.write(into.subarray(position, position + count));
    return count;
  }

  seek(): boolean {
    return false;
  }

  close(): void {
    this.source.close();
  }
}
