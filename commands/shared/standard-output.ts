import fs from 'node:fs';
import { UnwritableError } from '../../src/errors.ts';

const standardOutput = 1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Standard output as a sink: all of it is written before a call returns, however slow the reader is. */
export class StandardOutput {
  write(bytes: Uint8Array): void {
    for (let position = 0; position < bytes.length; ) {
      try {
        position += fs.writeSync(standardOutput, bytes, position, bytes.length - position);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') Atomics.wait(sleeper, 0, 0, 1);
        // Whoever reads may have seen enough, as `head` has: that is no error.
        else if (code === 'EPIPE') process.exit(0);
        else throw new UnwritableError('standard output', error);
      }
    }
  }
}
