/**
 * What can go wrong that is not a fault of the data. Faults of the data are findings (findings.ts) and never thrown to a caller.
 */

/** The input cannot be opened or read: missing, no permission, a kind of file that holds no data. Exit code 3. */
export class UnreadableError extends Error {
  readonly path: string;
  readonly code: string;
  constructor(path: string, code: string, message: string) {
    super(message);
    this.name = 'UnreadableError';
    this.path = path;
    this.code = code;
  }
}

/** A file asks for more memory or disk than one run may use (src/limits.ts). The message names the flag that raises the limit. Exit code 3. */
export class LimitError extends UnreadableError {
  constructor(path: string, what: string, flag: string) {
    super(path, 'ELIMIT', `${path === '' ? '' : `cannot read ${path}: `}${what}; ${flag} raises this limit`);
    this.name = 'LimitError';
  }
}

/** The caller asked for something that makes no sense, such as a flag that contradicts another. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Turns what the file system threw into an UnreadableError with a sentence that a person can act on. */
export function unreadable(path: string, error: unknown): UnreadableError {
  if (error instanceof UnreadableError) return error;
  const code = (error as NodeJS.ErrnoException)?.code ?? 'EIO';
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return new UnreadableError(path, code, `cannot read ${path}: ${reason}`);
}

const reasons: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  EIO: 'the device reported a read error',
};

/** Could not be written: a full disk, a folder without permission. The message says what was replaced: mostly nothing. */
export class UnwritableError extends Error {
  readonly path: string;
  readonly code: string;
  /** What stood in the way, without what it means for the files. */
  readonly reason: string;
  constructor(path: string, error: unknown, state = 'nothing was replaced') {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    const reason = writeReasons[code] ?? reasonOf(error);
    super(`cannot write ${path}: ${reason}; ${state}`);
    this.name = 'UnwritableError';
    this.path = path;
    this.code = code;
    this.reason = reason;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof UnwritableError) return error.reason;
  return error instanceof Error ? error.message : String(error);
}

const writeReasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than is allowed here',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOENT: 'no such folder',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOTREG: 'it is not a regular file',
};
