/**
 * Rules of the C library that show in what redis-check-aof and redis-check-rdb print and accept. Texts are binary strings.
 */
const longMax = (1n << 63n) - 1n;
const longMin = -(1n << 63n);

export interface ParsedLong {
  /** Clamped to 64 bits. */
  readonly value: bigint;
  readonly overflow: boolean;
  /** Index of the first char that is not part of the number; the start where there is none. */
  readonly end: number;
}

/** strtol(text + start, …, 10): leading blanks, a sign, digits; 0 where no digit follows. */
export function parseLong(text: string, start = 0): ParsedLong {
  const match = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text.slice(start));
  if (match === null) return { value: 0n, overflow: false, end: start };
  const value = BigInt(match[1].replace('+', ''));
  const end = start + match[0].length;
  if (value > longMax) return { value: longMax, overflow: true, end };
  if (value < longMin) return { value: longMin, overflow: true, end };
  return { value, overflow: false, end };
}

/** The text up to its first NUL: what %s prints. */
export function cString(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** At most `bytes - 1` chars: what snprintf leaves in a buffer of `bytes`. */
export function clip(text: string, bytes: number): string {
  return text.slice(0, bytes - 1);
}

/** A char as %02x prints it: chars are signed, so 0x80 and above come out as eight digits. */
export function hexOfChar(byte: number): string {
  return byte < 0x80 ? byte.toString(16).padStart(2, '0') : `ffffff${byte.toString(16)}`;
}

/** strerror's words for what opening or cutting a file can give. */
const errorTexts: Record<string, string> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  EIO: 'Input/output error',
  ENXIO: 'No such device or address',
  EACCES: 'Permission denied',
  EBUSY: 'Device or resource busy',
  ENODEV: 'No such device',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  ENFILE: 'Too many open files in system',
  EMFILE: 'Too many open files',
  ETXTBSY: 'Text file busy',
  EFBIG: 'File too large',
  ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  EOVERFLOW: 'Value too large for defined data type',
};

/** strerror(errno) of what a function of node:fs threw. */
export function errorText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return errorTexts[code ?? ''] ?? message;
}

/** dirname(3) of a path. */
export function directoryOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path.startsWith('/') ? '/' : '.';
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return '.';
  return trimmed.slice(0, slash).replace(/\/+$/, '') || '/';
}
