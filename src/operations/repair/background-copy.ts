import { AtomicFile, placeBeside } from '../../io/atomic-file.ts';
import { BackgroundWriter } from '../../io/background-writer.ts';
import nodeFs from '../../io/file-system.ts';
import type { OutputLock } from '../../io/output-lock.ts';
import { likeFile, likeInputs } from '../../io/protection.ts';
import { Draft } from './draft.ts';
import { draftBytesMin } from './file-scan.ts';
import type { RepairSettings } from './options.ts';

/** The other thread that writes large results, and the draft that it begins before the plan is made. */
export class BackgroundCopy {
  readonly draft: Draft | undefined;
  private readonly allowed: boolean;
  private writer: BackgroundWriter | undefined;

  /** `path`: what is repaired. `lock`: of the file that is written. A file system of a test's own is only for this thread. */
  constructor(path: string, options: RepairSettings, lock: OutputLock | undefined) {
    const { output, inPlace, strategy, dryRun, force, ahead, fileSystem } = options;
    this.allowed = fileSystem === undefined && BackgroundWriter.isUseful();
    if (!this.allowed || ahead !== true || dryRun === true || strategy === 'truncate') return;
    if (lock === undefined || (output === undefined && inPlace !== true)) return;
    if (output !== undefined && force !== true && nodeFs.existsSync(output)) return;
    this.draft = new Draft(
      () =>
        new AtomicFile(lock.path, placeBeside(lock), output === undefined ? likeFile(lock.path) : likeInputs([path])),
      () => this.start(),
      output !== undefined,
    );
  }

  /** Who writes a file of so many bytes; undefined if it is not worth it. */
  behind(size: number): BackgroundWriter | undefined {
    return this.allowed && size >= draftBytesMin ? this.start() : undefined;
  }

  private start(): BackgroundWriter {
    this.writer ??= new BackgroundWriter();
    return this.writer;
  }

  /** Nothing more is written; files may be closed. Never throws. */
  stop(): void {
    this.writer?.stop();
  }

  /** Removes a draft that nobody took. */
  async close(): Promise<void> {
    this.draft?.abandon();
    await this.writer?.close();
  }
}
