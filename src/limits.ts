/**
 * The bounds that keep memory and time finite, whatever a file claims.
 * A declared length is compared with what is left of the file and with these before anything is allocated.
 */

/** Largest bulk string a server accepts in a command, bytes (`proto-max-bulk-len`, default 512 MB). */
export const bulkLengthMax = 512 * 1024 * 1024;

/** The AOF loader reads a header line with fgets into a buffer of this many bytes, its final NUL included (7.0 and later). */
export const aofLineBufferBytes = 1024;

/** A manifest line, newline included, must be shorter than this many bytes (MANIFEST_MAX_LINE in the servers' aof.c). */
export const manifestLineMax = 1024;

/** Largest manifest or configuration file that is read, bytes. Real ones have some kilobytes; they are read whole. */
export const smallFileMax = 16 * 1024 * 1024;

/** Faults of one manifest that are noted one by one; a server stops at the first. */
export const manifestFaultsMax = 1000;

/** Bytes of a file held at a time while reading. */
export const windowBytes = 4 * 1024 * 1024;

/**
 * Largest blob (listpack, ziplist, intset, zipmap, key name) that is brought into memory whole to be validated, bytes.
 * A server caps a listpack at 1 GiB, but its own settings keep real ones under some megabytes.
 */
export const blobBytesMax = 32 * 1024 * 1024;

/** Databases that a server can be configured for; a SELECT or SELECTDB beyond it cannot be meant. */
export const databaseMax = 0x7fffffff;

/** Databases that a server has unless it is configured otherwise. */
export const databasesDefault = 16;

/** Findings that `check` keeps for one file by default. */
export const findingsMax = 100;

/** Hash field expiry: latest moment a Redis file may hold, milliseconds since 1970 (EB_EXPIRE_TIME_MAX). */
export const fieldExpireMax = 2 ** 48 - 1;

/** Largest window of a Zstandard frame that is read, bytes: the default limit of its own library. */
export const zstdWindowMax = 128 * 1024 * 1024;

/**
 * What one run may use, where a file could ask for more than it is worth: beyond it an operation ends with a LimitError, that names the
 * flag which raises the limit.
 */
export interface Limits {
  /** Databases that are held at a time (`--max-databases`). A server has 16 unless it is configured otherwise. */
  readonly databases: number;
  /** Bytes of a pipe or of decompressed gzip that are put into a temporary file (`--max-spool`). */
  readonly spooledBytes: number;
  /**
   * Bytes that the compressed strings of one value, or of all values that commands of a log read or change, may come to
   * (`--max-decompressed`), unless they are less than `decompressionRatio` times their compressed form. No server writes a string above 512 MiB by default.
   */
  readonly decompressedBytes: number;
}

/** LZF makes at most 88 bytes of one; text is compressed to a half or a fifth. */
export const decompressionRatio = 32;

export const defaultLimits: Limits = {
  databases: 16_384,
  spooledBytes: 64 * 1024 ** 3,
  decompressedBytes: 512 * 1024 ** 2,
};

let current: Limits = defaultLimits;

/** The limits of this thread. */
export function limits(): Limits {
  return current;
}

/** Sets the limits of this thread, for all operations that run in it from now on. */
export function setLimits(changes: Partial<Limits>): void {
  current = { ...current, ...changes };
}
