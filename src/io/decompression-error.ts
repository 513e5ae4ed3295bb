/** "VALKEY081". */
const rdbHeaderBytes = 9;

/**
 * Thrown where compressed data cannot be read on; what came before it was delivered. `code` is that of the finding.
 */
export class DecompressionError extends Error {
  readonly code: string;
  /** Where in the decompressed data. */
  readonly offset: number;
  readonly expected: string;

  constructor(code: string, offset: number, expected: string, message: string) {
    super(message);
    this.name = 'DecompressionError';
    this.code = code;
    this.offset = offset;
    this.expected = expected;
  }

  /** What the finding says. */
  get details(): { readonly expected: string; readonly found: string; readonly repairable: boolean } {
    return { expected: this.expected, found: this.message, repairable: this.leavesRdb };
  }

  /** Whether what was decompressed before it is an RDB that was cut: a frame that only needs more memory is not damaged. */
  get isTornEnvelope(): boolean {
    return this.code === 'rdb.envelope.truncated' || this.code === 'rdb.envelope.corrupt';
  }

  /** Whether enough was decompressed before it that a repair finds the header of an RDB. */
  get leavesRdb(): boolean {
    return this.isTornEnvelope && this.offset >= rdbHeaderBytes;
  }
}
