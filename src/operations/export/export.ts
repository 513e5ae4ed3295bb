import nodePath from 'node:path';
import { append } from '../../arrays.ts';
import { UnwritableError, UsageError } from '../../errors.ts';
import fs from '../../io/file-system.ts';
import { OutputLock } from '../../io/output-lock.ts';
import { likeInputs } from '../../io/protection.ts';
import type { ByteSink } from '../../io/writer.ts';
import type { DamagedReceiver } from '../../keys/json-batch.ts';
import { KeyMaker } from '../../keys/key-maker.ts';
import { type RecordTest, recordTest } from '../../keys/key-selection.ts';
import { scanKeys } from '../../keys/scan-keys.ts';
import { type Destination, fileDestination, refuseExisting, streamDestination } from '../../output/destination.ts';
import type { KeyRecord } from '../../rdb/key-record.ts';
import { JsonSink } from './json-sink.ts';
import { hashName } from './key-table.ts';
import type { ExportedInput, ExportOptions, ExportResult } from './options.ts';
import { RespSink } from './resp-sink.ts';
import type { ExportSink } from './sinks.ts';

/**
 * Writes every key of some datasets in a format for other programs. What stands behind damage is missing, and the result says so. A file
 * gets its name when it is whole. Throws UnreadableError, UnwritableError, UsageError, LimitError.
 */
export async function exportKeys(paths: readonly string[], options: ExportOptions): Promise<ExportResult> {
  const isFolder = options.format === 'parquet' && (options.elements === true || paths.length > 1);
  const run = new Export(paths, options);
  return isFolder ? run.toFolder() : run.toOne();
}

/** A file that is being written, with the lock on its name. */
interface OpenFile {
  readonly destination: Destination;
  readonly lock: OutputLock | undefined;
}

class Export {
  private readonly paths: readonly string[];
  private readonly options: ExportOptions;
  private readonly open: OpenFile[] = [];
  private readonly files: { path: string; bytes: number }[] = [];
  /** Folders that were made, each before those in it. */
  private readonly made: string[] = [];

  constructor(paths: readonly string[], options: ExportOptions) {
    this.paths = paths;
    this.options = options;
  }

  /** One output for all inputs. */
  async toOne(): Promise<ExportResult> {
    const { output } = this.options;
    return this.writing(async () => {
      const sink = await this.sinkFor(typeof output === 'string' ? this.openFile(output) : this.openStream(output));
      const inputs: ExportedInput[] = [];
      for (const [index, path] of this.paths.entries()) inputs.push(await this.exportInput(path, index, sink));
      sink.finish();
      return inputs;
    });
  }

  /** A folder of Parquet files; of several inputs with a partition each, `source=NAME`. */
  async toFolder(): Promise<ExportResult> {
    const { output, elements = false } = this.options;
    if (typeof output !== 'string') throw new UsageError('several Parquet files need a folder: -o DIR');
    const names = partitionNames(this.options.names ?? this.paths);
    return this.writing(async () => {
      const inputs: ExportedInput[] = [];
      for (const [index, path] of this.paths.entries()) {
        const folder = this.paths.length > 1 ? nodePath.join(output, `source=${names[index]}`) : output;
        this.makeFolder(folder);
        const { ElementTables, KeyTable } = await import('./parquet-sink.ts');
        const openFile = (name: string) => this.openFile(nodePath.join(folder, `${name}.parquet`));
        const sink = elements
          ? new ElementTables(openFile, this.options)
          : new KeyTable(openFile('keys'), this.options);
        inputs.push(await this.exportInput(path, index, sink));
        sink.finish();
      }
      return inputs;
    });
  }

  /** Runs `write`, and gives the files their names if it ends well. */
  private async writing(write: () => Promise<ExportedInput[]>): Promise<ExportResult> {
    try {
      const inputs = await write();
      for (const { destination } of this.open) destination.finish();
      for (const { destination } of this.open) {
        destination.commit();
        append(this.files, destination.files());
      }
      const ok = inputs.every((input) => input.ok);
      return { ok, format: this.options.format, inputs, files: this.files };
    } catch (error) {
      for (const { destination } of this.open) destination.abandon();
      throw error;
    } finally {
      for (const { lock } of this.open) lock?.release();
      // Those that hold something stay.
      if (this.files.length === 0) for (const folder of this.made.toReversed()) removeEmpty(folder);
    }
  }

  /** Makes a folder, and notes those that were not there. */
  private makeFolder(folder: string): void {
    const missing: string[] = [];
    for (let path = nodePath.resolve(folder); !fs.existsSync(path); path = nodePath.dirname(path)) missing.push(path);
    try {
      for (const path of missing.reverse()) {
        fs.mkdirSync(path);
        this.made.push(path);
      }
    } catch (error) {
      throw new UnwritableError(folder, error);
    }
  }

  private openFile(path: string): ByteSink {
    refuseExisting(path, this.options.force === true, false);
    const lock = OutputLock.acquire(path);
    const protection = likeInputs(this.paths, nodePath.dirname(path));
    const destination = fileDestination(path, path.endsWith('.gz'), { lock, protection });
    this.open.push({ destination, lock });
    return destination.main;
  }

  private openStream(sink: ByteSink): ByteSink {
    const destination = streamDestination(sink, false);
    this.open.push({ destination, lock: undefined });
    return destination.main;
  }

  private async sinkFor(sink: ByteSink): Promise<ExportSink> {
    const { format } = this.options;
    if (format === 'resp') return new RespSink(sink, this.options);
    if (format === 'csv') return new (await import('./csv-sink.ts')).CsvSink(sink, this.options);
    if (format === 'parquet') return new (await import('./parquet-sink.ts')).KeyTable(sink, this.options);
    return new JsonSink(sink, format === 'json', this.options);
  }

  private async exportInput(path: string, index: number, sink: ExportSink): Promise<ExportedInput> {
    const source = this.paths.length > 1 ? (this.options.names?.[index] ?? path) : undefined;
    const visitor = new ExportVisitor(sink, this.options, source);
    const result = await scanKeys(path, this.options, visitor);
    return { ...result, exported: visitor.exported, truncated: visitor.truncated };
  }
}

class ExportVisitor {
  exported = 0;
  truncated = 0;
  private readonly sink: ExportSink;
  private readonly maker = new KeyMaker({});
  private readonly test: RecordTest | undefined;
  private readonly salt: string | undefined;
  private readonly source: string | undefined;

  constructor(sink: ExportSink, { select = {}, hashSalt }: ExportOptions, source: string | undefined) {
    this.sink = sink;
    this.source = source;
    this.test = recordTest(select, {
      elements: (record) => this.maker.elements(record),
      bytes: (record) => this.maker.memory(record),
    });
    this.salt = hashSalt;
  }

  begin(facts: Parameters<ExportSink['begin']>[0]): void {
    this.maker.begin(facts);
    this.sink.begin(facts, this.source);
  }

  key(record: KeyRecord): undefined {
    if (this.test?.(record) === false) return undefined;
    if (this.salt !== undefined) hashName(record, this.salt);
    if (this.sink.key(record)) this.truncated++;
    this.exported++;
    return undefined;
  }

  passed(damaged: DamagedReceiver): void {
    this.sink.passed?.((record, error) => {
      this.exported--;
      damaged(record, error);
    });
  }

  async flush(): Promise<void> {
    this.sink.flush();
  }
}

function removeEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // Somebody else has put something there.
  }
}

/** The names of files without folder and extension, each once: values of a partition. */
function partitionNames(paths: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return paths.map((path) => {
    const base = nodePath.basename(nodePath.resolve(path)).replace(/\.(rdb|aof|manifest)(\.gz)?$/, '');
    const name = encodeURIComponent(base);
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}-${count + 1}`;
  });
}
