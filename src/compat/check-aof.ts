import fs from 'node:fs';
import { type ManifestFault, parseManifest } from '../aof/manifest.ts';
import { manifestLineMax } from '../limits.ts';
import { RdbInput } from '../rdb/input.ts';
import { AofRecords, AofTally } from './aof-records.ts';
import { cString, directoryOf, errorText, parseLong } from './c-text.ts';
import { DescriptorSource, openPath, pathBytes, readFront } from './files.ts';
import { RdbReport } from './rdb-report.ts';
import { exitCodeOf, type Surroundings, serverLogLine, ToolExit, versionLine } from './tool.ts';

/** PATH_MAX of Linux. */
const pathMax = 4096;

/** A manifest names few files; what only begins like one is read so far. */
const manifestBytesMax = 16 * 1024 * 1024;

/**
 * Does what redis-check-aof 8.x does: the same arguments, output, prompts, exit code and effect on the file, but for the
 * differences that docs/drop-in.md lists.
 *
 * `argv`: the name under which it was called and its arguments, binary strings. Gives the exit code, 0 or 1.
 */
export function runCheckAof(argv: readonly string[], surroundings: Surroundings): number {
  return exitCodeOf(() => {
    const request = parseArguments(argv, surroundings);
    if (typeof request === 'number') return request;
    new AofTool(request, surroundings).run();
    return 0;
  });
}

interface Request {
  readonly path: string;
  readonly fix: boolean;
  /** Seconds since 1970; 0 where none was asked for, or where 0 was: the tool does not tell these apart. */
  readonly timestamp: bigint;
}

function parseArguments(argv: readonly string[], surroundings: Surroundings): Request | number {
  const { stdout } = surroundings;
  const [name, first, second, third] = argv;
  const usage = `Usage: ${name} [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>\n`;
  let timestamp = 0n;
  if (argv.length === 2 && (first === '-v' || first === '--version')) {
    stdout.write(versionLine(name, 'aof', surroundings.version));
    return 0;
  }
  const fix = argv.length === 3 && first === '--fix';
  const truncate = argv.length === 4 && first === '--truncate-to-timestamp';
  if (argv.length !== 2 && !fix && !truncate) {
    stdout.write(usage);
    return 1;
  }
  if (truncate) {
    const { value, overflow, end } = parseLong(second);
    if (overflow || end !== second.length) {
      stdout.write('Invalid timestamp, aborting...\n');
      return 1;
    }
    timestamp = value;
  }
  const path = truncate ? third : fix ? second : first;
  if (path.length > pathMax) {
    stdout.write(`Error: filepath is too long (exceeds PATH_MAX)\n${usage}`);
    return 1;
  }
  return { path, fix, timestamp };
}

/** How a file came out; `valid` and `empty` also in their words. */
type Outcome = 'valid' | 'empty' | 'fixed' | 'cut at the timestamp';

/** One run: files are checked one after the other until something is wrong. */
class AofTool {
  private readonly request: Request;
  private readonly surroundings: Surroundings;
  private readonly tally = new AofTally();

  constructor(request: Request, surroundings: Surroundings) {
    this.request = request;
    this.surroundings = surroundings;
  }

  run(): void {
    const { path } = this.request;
    if (this.isManifest(path)) {
      this.checkMultiPart(path);
      return;
    }
    const preamble = this.startsWithRdb(path);
    this.print('Start checking Old-Style AOF\n');
    this.report(this.checkFile(path, path, true, preamble), path, 'AOF');
  }

  private print(text: string): void {
    this.surroundings.stdout.write(text);
  }

  private abort(text: string): never {
    this.print(text);
    throw new ToolExit(1);
  }

  private checkMultiPart(manifestPath: string): void {
    this.print('Start checking Multi Part AOF\n');
    const bytes = readFront(manifestPath, manifestBytesMax);
    const { parts, faults } = parseManifest(bytes, (name) => name);
    // A comment may end without a newline: the server skips it before it looks for one.
    const fault = faults.find(({ code, found }) => code !== 'manifest.line.length' || !found.startsWith('"#'));
    if (fault !== undefined) this.abortManifest(fault, bytes);
    const base = parts.find(({ type }) => type === 'b');
    const increments = parts.filter(({ type }) => type === 'i');
    const directory = directoryOf(manifestPath);
    if (base !== undefined) {
      const path = `${directory}/${base.name}`;
      const preamble = this.startsWithRdb(path);
      this.print(`Start to check BASE AOF (${preamble ? 'RDB' : 'RESP'} format).\n`);
      this.report(this.checkFile(base.name, path, increments.length === 0, preamble), base.name, 'BASE AOF');
    }
    if (increments.length > 0) this.print('Start to check INCR files.\n');
    for (const [index, { name }] of increments.entries()) {
      const last = index === increments.length - 1;
      const path = `${directory}/${name}`;
      this.report(this.checkFile(name, path, last, this.isIncrementalRdb(path)), name, 'INCR AOF');
    }
    this.print('All AOF files and manifest are valid\n');
  }

  /** A server takes an RDB for an increment too; theirs does not look, and would cut it to nothing. */
  private isIncrementalRdb(path: string): boolean {
    try {
      fs.accessSync(pathBytes(path), fs.constants.R_OK);
    } catch {
      return false;
    }
    return this.startsWithRdb(path);
  }

  private abortManifest({ line, offset, length, reason }: ManifestFault, bytes: Buffer): never {
    const log = (text: string): void => this.print(serverLogLine(`${text}\n`, this.surroundings));
    log('\n*** FATAL AOF MANIFEST FILE ERROR ***');
    if (!/too long line|empty AOF manifest/.test(reason)) {
      const text = bytes.latin1Slice(offset, offset + length);
      log(`Reading the manifest file, at line ${line}`);
      log(`>>> '${cString(text).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')}'`);
    }
    log(reason);
    throw new ToolExit(1);
  }

  private report(outcome: Outcome, name: string, kind: string): void {
    if (outcome === 'fixed') this.print(`Successfully truncated AOF ${name}\n`);
    else if (outcome === 'cut at the timestamp') {
      this.print(`Successfully truncated AOF ${name} to timestamp ${this.request.timestamp}\n`);
    } else this.print(`${kind} ${name} is ${outcome}\n`);
  }

  /** Opens a file to look at its beginning; aborts as the tool does where that fails. Undefined for an empty one. */
  private readHead<T>(path: string, read: (descriptor: number, size: number) => T): T | undefined {
    let descriptor: number;
    try {
      descriptor = openPath(path, fs.constants.O_RDONLY);
    } catch (error) {
      return this.abort(`Cannot open file ${path}: ${errorText(error)}\n`);
    }
    try {
      const { size } = fs.fstatSync(descriptor);
      return size === 0 ? undefined : read(descriptor, size);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /** A manifest's lines begin with '#' or `file`; the first other line ends the look. */
  private isManifest(path: string): boolean {
    return this.readHead(path, (descriptor) => this.hasFileLine(descriptor, path)) === true;
  }

  private hasFileLine(descriptor: number, path: string): boolean {
    const buffer = Buffer.alloc(manifestLineMax);
    for (let offset = 0; ; ) {
      let count: number;
      try {
        count = fs.readSync(descriptor, buffer, 0, buffer.length, offset);
      } catch {
        return this.abort(`Cannot read file: ${path}\n`);
      }
      if (count === 0 || buffer[0] !== 0x23) return buffer.latin1Slice(0, Math.min(count, 4)) === 'file';
      const newline = buffer.subarray(0, count).indexOf(10);
      offset += newline < 0 ? count : newline + 1;
    }
  }

  /** Whether an RDB of either fork begins here; theirs knows Redis's magic only. */
  private startsWithRdb(path: string): boolean {
    const found = this.readHead(path, (descriptor, size) => {
      const head = Buffer.alloc(6);
      if (size < 8 || fs.fstatSync(descriptor).isDirectory()) return false;
      fs.readSync(descriptor, head, 0, 6, 0);
      return /^(REDIS|VALKEY)/.test(head.latin1Slice());
    });
    return found === true;
  }

  private checkFile(name: string, path: string, last: boolean, preamble: boolean): Outcome {
    let descriptor: number;
    try {
      descriptor = openPath(path, fs.constants.O_RDWR);
    } catch (error) {
      return this.abort(`Cannot open file ${path}: ${errorText(error)}, aborting...\n`);
    }
    try {
      const { size } = fs.fstatSync(descriptor);
      if (size === 0) return 'empty';
      return new FileCheck(this.request, this.surroundings, this.tally, { name, path, last, size, descriptor }).run(
        preamble,
      );
    } finally {
      fs.closeSync(descriptor);
    }
  }
}

interface OpenFile {
  readonly name: string;
  readonly path: string;
  /** No other file follows: it may be cut. */
  readonly last: boolean;
  readonly size: number;
  readonly descriptor: number;
}

/** The check of one file, and its truncation. */
class FileCheck {
  private readonly request: Request;
  private readonly surroundings: Surroundings;
  private readonly tally: AofTally;
  private readonly file: OpenFile;
  private readonly input: RdbInput;
  private readonly records: AofRecords;
  /** Where the last sound record outside of a transaction ends. */
  private soundUpTo = 0;

  constructor(request: Request, surroundings: Surroundings, tally: AofTally, file: OpenFile) {
    this.request = request;
    this.surroundings = surroundings;
    this.tally = tally;
    this.file = file;
    this.input = new RdbInput(new DescriptorSource(file.path, file.descriptor, file.size));
    this.records = new AofRecords(this.input, file.path, tally);
  }

  run(preamble: boolean): Outcome {
    const { file, tally, records, request } = this;
    if (preamble) this.checkPreamble();
    if (this.readRecords()) return 'cut at the timestamp';
    if (records.metEnd && records.openTransactions !== 0 && tally.error === '') {
      records.fail('Reached EOF before reading EXEC for MULTI');
    }
    if (tally.error !== '') this.print(`${tally.error}\n`);
    const surplus = file.size - this.soundUpTo;
    if (surplus === 0 && request.timestamp !== 0n) {
      this.print(`Truncate nothing in AOF ${file.name} to timestamp ${request.timestamp}\n`);
      return 'valid';
    }
    const counts = `size=${file.size}, ok_up_to=${this.soundUpTo}, ok_up_to_line=${tally.line}, diff=${surplus}`;
    this.print(`AOF analyzed: filename=${file.name}, ${counts}\n`);
    if (surplus <= 0) return 'valid';
    if (!request.fix) this.abort(`AOF ${file.name} is not valid. Use the --fix option to try fixing it.\n`);
    this.fix(surplus);
    return 'fixed';
  }

  private print(text: string): void {
    this.surroundings.stdout.write(text);
  }

  private abort(text: string): never {
    this.print(text);
    throw new ToolExit(1);
  }

  private checkPreamble(): void {
    if (!new RdbReport(this.input, this.file.path, this.surroundings).run()) {
      this.abort('RDB preamble of AOF file is not sane, aborting.\n');
    }
    this.print('RDB preamble is OK, proceeding with AOF tail...\n');
  }

  /** Reads on until something is wrong or the end; true where a timestamp was met at which the file was cut. */
  private readRecords(): boolean {
    const { input, records } = this;
    try {
      for (;;) {
        if (records.openTransactions === 0) this.soundUpTo = input.base + input.position;
        const first = records.peek();
        if (first < 0) return false;
        if (first === 0x2a) {
          if (!records.readCommand()) return false;
        } else if (first === 0x23) {
          if (this.endsAt(records.readAnnotation())) return true;
        } else {
          this.print(`AOF ${this.file.name} format error\n`);
          return false;
        }
      }
    } catch (error) {
      if ((error as Error).name !== 'UnreadableError') throw error;
      return this.abort(`Failed to read from AOF ${this.file.name}, aborting...\n`);
    }
  }

  /** Cuts the file at an annotation whose time is later than the one asked for; true if so. */
  private endsAt(annotation: string): boolean {
    const { timestamp } = this.request;
    if (timestamp === 0n || !annotation.startsWith('#TS:')) return false;
    const { value, overflow, end } = parseLong(annotation, 4);
    if (overflow || annotation[end] !== '\r') this.abort('Invalid timestamp annotation\n');
    if (value <= timestamp) return false;
    const { path, last } = this.file;
    if (this.soundUpTo === 0) {
      this.abort(`AOF ${path} has nothing before timestamp ${timestamp}, aborting...\n`);
    }
    if (!last) {
      const where = `to timestamp ${timestamp} to offset ${this.records.lastOffset}`;
      this.print(`Failed to truncate AOF ${path} ${where} because it is not the last file.\n`);
      this.abort(
        'If you insist, please delete all files after this file according to the manifest file and delete the ' +
          'corresponding records in manifest file manually. Then re-run redis-check-aof.\n',
      );
    }
    // Inside of a transaction the cut is made before its MULTI, so that the file stays sound.
    this.truncate(`Failed to truncate AOF ${path} to timestamp ${timestamp}\n`);
    return true;
  }

  private fix(surplus: number): void {
    const { name, size, last } = this.file;
    if (!last) this.abort(`Failed to truncate AOF ${name} because it is not the last file\n`);
    this.print(
      `This will shrink the AOF ${name} from ${size} bytes, with ${surplus} bytes, to ${this.soundUpTo} bytes\n`,
    );
    this.print('Continue? [y/N]: ');
    const answer = this.surroundings.answer();
    if (answer !== 0x79 && answer !== 0x59) this.abort('Aborting...\n');
    this.truncate(`Failed to truncate AOF ${name}\n`);
  }

  private truncate(failure: string): void {
    try {
      fs.ftruncateSync(this.file.descriptor, this.soundUpTo);
    } catch {
      this.abort(failure);
    }
  }
}
