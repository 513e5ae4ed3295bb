/*
 * A kernel that reads or writes outside of its memory traps: a defect of the kernel, whatever the file holds. No file is refused for it:
 * what the call did is taken back, or was not yet handed on, and JavaScript reads on from where the call began.
 */

/** Undefined where there is no WebAssembly, as with `node --jitless`: then there is no kernel that could trap. */
const { WebAssembly: engine } = globalThis as unknown as {
  readonly WebAssembly?: { readonly RuntimeError: typeof Error };
};

/** Rethrows what is no trap. */
export function mustBeTrap(error: unknown): void {
  if (engine === undefined || !(error instanceof engine.RuntimeError)) throw error;
}
