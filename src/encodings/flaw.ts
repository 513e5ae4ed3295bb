/** What is wrong inside an encoded value: found by the validators of this folder, turned into a finding by `check`. */
export interface Flaw {
  /** Stable code, such as `listpack.entry.backlen`. */
  readonly code: string;
  /** Where, in bytes from the start of the blob. */
  readonly position: number;
  readonly expected: string;
  readonly found: string;
}

export function flaw(code: string, position: number, expected: string, found: string): Flaw {
  return { code, position, expected, found };
}

/** Thrown by decoders on bytes that the validator would refuse. */
export class FlawError extends Error {
  readonly flaw: Flaw;
  constructor(flaw: Flaw) {
    super(`${flaw.code} at ${flaw.position}: expected ${flaw.expected}, found ${flaw.found}`);
    this.name = 'FlawError';
    this.flaw = flaw;
  }
}
