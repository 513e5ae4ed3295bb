import nodePath from 'node:path';
import nodeFs from '../../bytes/file-system.ts';
import { clearLitter, type FileSystem, temporaryName } from '../../bytes/sink.ts';
import { UnwritableError } from '../../errors.ts';

/**
 * A file for what the second thread writes, in the folder of the output. It loses its name at once, so that nothing can be left
 * behind; its bytes go when it is closed.
 */
export class ShardFile {
  readonly descriptor: number;
  private readonly fs: FileSystem;

  /** `beside`: the output. Throws UnwritableError. */
  constructor(beside: string, fs: FileSystem = nodeFs) {
    this.fs = fs;
    const name = nodePath.basename(beside);
    const path = nodePath.join(nodePath.dirname(beside), temporaryName(name));
    try {
      clearLitter(beside, fs);
      this.descriptor = fs.openSync(path, 'wx+', 0o600);
      fs.unlinkSync(path);
    } catch (error) {
      throw new UnwritableError(beside, error);
    }
  }

  close(): void {
    this.fs.closeSync(this.descriptor);
  }
}
