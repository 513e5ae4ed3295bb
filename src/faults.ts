import type { FaultCode } from './findings.ts';

/** What is wrong with bytes, and where: collected by checks, thrown where nothing can be read behind it. */
export interface FormatFault {
  /** Stable code of the table in `findings.ts`, such as `listpack.entry.backlen`. */
  readonly code: FaultCode;
  /** Absolute in the file, or counted from the start of the value or encoding that a function was given, as it says. Bytes. */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
}

export function formatFault(code: FaultCode, offset: number, expected: string, found: string): FormatFault {
  return { code, offset, expected, found };
}

/** A fault that ends reading. */
export class FormatError extends Error implements FormatFault {
  readonly code: FaultCode;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
  constructor(code: FaultCode, offset: number, expected: string, found: string) {
    super(`${code} at offset ${offset}: expected ${expected}, found ${found}`);
    this.name = 'FormatError';
    this.code = code;
    this.offset = offset;
    this.expected = expected;
    this.found = found;
  }
}

/** Thrown by decoders of an encoding, on bytes that its validator would refuse. The offset counts from the start of the encoding. */
export class EncodingError extends FormatError {
  constructor({ code, offset, expected, found }: FormatFault) {
    super(code, offset, expected, found);
    this.name = 'EncodingError';
  }
}
