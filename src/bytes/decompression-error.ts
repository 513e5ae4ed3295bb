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
}
