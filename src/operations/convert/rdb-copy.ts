import { FindingList } from '../../aof/report.ts';
import type { Sources } from '../../dataset/sources.ts';
import type { Source } from '../../io/source.ts';
import type { ByteSink } from '../../io/writer.ts';
import { borrowLanes, returnLanes } from '../../kernels/lanes.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { RdbScan } from './rdb-scan.ts';
import { Disappointment, type Expectation } from './rdb-source.ts';
import type { SurveyedPart } from './survey.ts';

/**
 * Copies an RDB that nobody has read before, byte for byte, while it is looked through. Throws Disappointment for whatever a survey would
 * have found: then nothing that the sink got is worth anything.
 */
export async function copyRdb(
  { path, source, report }: SurveyedPart,
  sources: Sources,
  { bytes, seed, noted }: Expectation,
  sink: ByteSink,
  pause: () => Promise<void>,
): Promise<void> {
  const lanes = borrowLanes();
  const plain = sources.reopen(source);
  sink.copy?.(sources.descriptor(source), 0, bytes);
  const copying = sink.copy === undefined ? new CopyingSource(plain, sink) : plain;
  const input = new RdbInput(copying, windowBytes, lanes?.window());
  const reopen = () => sources.reopen(source);
  const how = { path, findings: new FindingList(), seed, lanes, reopen, pause, noted, quiet: true, summed: true };
  const scan = new RdbScan(input, how);
  try {
    if (!(await scan.run())) throw new Disappointment('it is damaged');
  } finally {
    returnLanes(lanes);
  }
  const { length, checksum, updates, memberExpiries } = scan.report;
  if (checksum.state !== 'ok') throw new Disappointment('it is damaged');
  if (length !== bytes || !input.atEnd()) throw new Disappointment('it ends elsewhere');
  if (scan.suspicious) throw new Disappointment('keys may stand twice');
  if (updates !== undefined || memberExpiries !== undefined) throw new Disappointment('it holds commands');
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
