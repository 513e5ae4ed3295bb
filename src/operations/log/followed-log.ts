import { PartReader } from '../../aof/log/part-reader.ts';
import { damageOfMissing, filesOfManifest, type LogFiles } from '../../aof/log/parts.ts';
import type { LogPlace } from '../../aof/log/visitor.ts';
import type { LogPart } from '../../aof/parts.ts';
import { UnreadableError } from '../../errors.ts';
import fs from '../../io/file-system.ts';
import { FileSource } from '../../io/source.ts';
import type { LogLines } from './lines.ts';

export interface FollowOptions {
  /** Lines of what is there already that are shown first, as of `tail -n`. */
  readonly last: number;
  /** Waits a moment; false to end. */
  readonly wait: () => Promise<boolean>;
  readonly pause: () => Promise<void>;
  readonly onOutput: (bytes: Uint8Array) => void | Promise<void>;
}

/** Lines that are kept while catching up may take so many bytes before the ones that fell out are dropped. */
const keptBytes = 4 * 1024 * 1024;

/**
 * Shows the end of a log and what is written to it from then on, from increment to increment: a BGREWRITEAOF begins a new one and
 * names it in the manifest. A file that is replaced (a rewrite before 7.0) is taken up at its end.
 */
export class FollowedLog {
  private readonly files: LogFiles;
  private readonly lines: LogLines;
  private readonly options: FollowOptions;
  /** Where the lines begin that are kept while catching up; undefined once that is over. */
  private starts: number[] | undefined = [0];
  private muted = false;

  constructor(files: LogFiles, lines: LogLines, options: FollowOptions) {
    this.files = files;
    this.lines = lines;
    this.options = options;
    lines.onLine = () => this.starts?.push(lines.out.length);
  }

  /** Follows from the last of the parts on, before which `place` stands. */
  async run(place: LogPlace): Promise<void> {
    let part: LogPart | undefined = this.files.parts.at(-1);
    while (part !== undefined) {
      place.part = part;
      place.database = 0;
      part = await this.followPart(part, place);
    }
  }

  /** Hands on what was shown; while catching up, only keeps the last lines of it. */
  async flush(): Promise<void> {
    const { lines, starts, options } = this;
    const { out } = lines;
    if (this.muted) out.reset();
    else if (starts !== undefined) this.dropEarly(starts);
    else if (out.length > 0) {
      await options.onOutput(out.view());
      out.reset();
    }
  }

  private dropEarly(starts: number[]): void {
    const { out } = this.lines;
    const surplus = starts.length - 1 - this.options.last;
    if (surplus <= 0) return;
    const from = starts[surplus];
    out.bytes.copyWithin(0, from, out.length);
    out.length -= from;
    starts.splice(0, surplus);
    for (let line = 0; line < starts.length; line++) starts[line] -= from;
  }

  private async caughtUp(): Promise<void> {
    await this.flush();
    if (this.muted) this.lines.out.reset();
    this.starts = undefined;
    this.muted = false;
    await this.flush();
  }

  /** Gives the part that comes next; undefined to end. */
  private async followPart(part: LogPart, place: LogPlace): Promise<LogPart | undefined> {
    let source = this.open(part, place);
    let offset = 0;
    try {
      for (;;) {
        const next = this.nextPart(part);
        const size = source === undefined ? 0 : fs.fstatSync(source.descriptor).size;
        if (source !== undefined && size > offset) offset = await this.readFrom(source, offset, place);
        if (next !== undefined) return next;
        await this.caughtUp();
        if (!(await this.options.wait())) return undefined;
        const fresh = source === undefined ? undefined : this.replacement(source, part);
        if (fresh === undefined) continue;
        source?.close();
        source = fresh;
        offset = 0;
        this.muted = true;
      }
    } finally {
      source?.close();
    }
  }

  /** Reads what is whole from `offset` on and gives where that ends. */
  private async readFrom(source: FileSource, offset: number, place: LogPlace): Promise<number> {
    const { lines, options } = this;
    const reader = new PartReader(source, place, lines, { growing: true });
    source.seek(offset);
    if (offset === 0) await reader.begin(options.pause);
    else reader.seek(offset);
    while (!reader.readSome()) {
      if (lines.full || lines.out.length > keptBytes) await this.flush();
      await options.pause();
    }
    await this.flush();
    return reader.offset;
  }

  private open(part: LogPart, place: LogPlace): FileSource | undefined {
    try {
      return FileSource.open(part.path);
    } catch (error) {
      if (!(error instanceof UnreadableError) || part.role === 'file') throw error;
      this.lines.damage(damageOfMissing(part, error), place, new Uint8Array(0));
      return undefined;
    }
  }

  /** The increment after `part`, if the manifest names one by now. */
  private nextPart(part: LogPart): LogPart | undefined {
    const { manifest } = this.files;
    if (manifest === undefined) return undefined;
    try {
      const { parts } = filesOfManifest(manifest);
      const later = (other: LogPart) => part.role !== 'incr' || other.sequence > part.sequence;
      return parts.find((other) => other.role === 'incr' && later(other));
    } catch (error) {
      if (error instanceof UnreadableError) return undefined;
      throw error;
    }
  }

  /** The file that now has the part's name, if it is another one or was cut. */
  private replacement(source: FileSource, part: LogPart): FileSource | undefined {
    if (part.role !== 'file') return undefined;
    const now = fs.statSync(part.path, { throwIfNoEntry: false });
    const { ino, dev } = fs.fstatSync(source.descriptor);
    return now === undefined || (now.ino === ino && now.dev === dev) ? undefined : FileSource.open(part.path);
  }
}
