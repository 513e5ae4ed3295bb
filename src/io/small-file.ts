import type { Stats } from 'node:fs';
import { UnreadableError, unreadable } from '../errors.ts';
import { smallFileMax } from '../limits.ts';
import fs from './file-system.ts';

/**
 * Reads a manifest or a configuration whole: a regular file of at most `smallFileMax` bytes. A folder, a named pipe, a socket or a device
 * in its place is refused before anything waits for it, and so is a file that grows without end while it is read. Throws UnreadableError.
 */
export function readSmallFile(path: string): Buffer {
  let descriptor: number | undefined;
  try {
    // Opening a device may do something to it. What is there now need not be what is opened next: that is looked at again.
    refuseOthers(path, fs.statSync(path));
    descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
    const stat = fs.fstatSync(descriptor);
    refuseOthers(path, stat);
    return readBounded(path, descriptor, stat.size);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function refuseOthers(path: string, stat: Stats): void {
  if (stat.isDirectory()) throw new UnreadableError(path, 'EISDIR', `cannot read ${path}: it is a folder`);
  if (!stat.isFile()) throw new UnreadableError(path, 'ENOTREG', `cannot read ${path}: it is not a regular file`);
  if (stat.size > smallFileMax) throw tooLarge(path);
}

function tooLarge(path: string): UnreadableError {
  const limit = smallFileMax / 1024 / 1024;
  const message = `cannot read ${path}: it is larger than the ${limit} MiB that a manifest or a configuration may have`;
  return new UnreadableError(path, 'EFBIG', message);
}

/** All bytes from the beginning on; `size` is what the file is said to have, which files below /proc do not tell. */
function readBounded(path: string, descriptor: number, size: number): Buffer {
  let bytes = Buffer.allocUnsafe(Math.max(size, 4096) + 1);
  let length = 0;
  for (;;) {
    const count = fs.readSync(descriptor, bytes, length, bytes.length - length, null);
    length += count;
    if (count === 0) return bytes.subarray(0, length);
    if (length > smallFileMax) throw tooLarge(path);
    if (length === bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2);
  }
}
