import nodePath from 'node:path';
import { UnwritableError } from '../../errors.ts';
import { closeQuietly } from '../../io/open-folder.ts';
import type { OutputLock } from '../../io/output-lock.ts';
import { createTemporary } from '../../io/temporary-name.ts';

/**
 * A file for what the second thread writes, in the folder of the output. It loses its name at once, so that nothing can be left
 * behind; its bytes go when it is closed.
 */
export class PartitionFile {
  readonly descriptor: number;
  private readonly lock: OutputLock;

  /** `lock`: of the output. Throws UnwritableError. */
  constructor(lock: OutputLock) {
    this.lock = lock;
    const { folder, fs, path } = lock;
    const at = (name: string) => {
      lock.note({ kind: 'file', name });
      return folder.at(name);
    };
    try {
      const { name, descriptor } = createTemporary(nodePath.basename(path), at, fs);
      this.descriptor = descriptor;
      fs.unlinkSync(folder.at(name));
    } catch (error) {
      throw new UnwritableError(path, error);
    }
  }

  close(): void {
    closeQuietly(this.descriptor, this.lock.fs);
  }
}
