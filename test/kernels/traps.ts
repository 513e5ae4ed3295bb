import { vi } from 'vitest';
import { KernelModule } from '../../src/kernels/kernel-module.ts';

const { RuntimeError } = (globalThis as unknown as { readonly WebAssembly: { readonly RuntimeError: typeof Error } })
  .WebAssembly;

type Call = (...args: number[]) => unknown;

/** What instances of modules made from here on go through: every trap of theirs, and one that is planted. */
export interface Traps {
  /** Exports that trapped. */
  readonly seen: string[];
  /** Lets the `after`-th call of this export from now do its work and then trap, and all later ones. */
  plant(name: string, after: number): void;
  /** How many planted traps went off. */
  readonly sprung: number;
}

export function watchTraps(): Traps {
  const seen: string[] = [];
  let planted: { readonly name: string; left: number } | undefined;
  let sprung = 0;
  const instance = KernelModule.prototype.instance;
  vi.spyOn(KernelModule.prototype, 'instance').mockImplementation(function (this: KernelModule<unknown>) {
    const real = instance.call(this) as Record<string, unknown>;
    const watch = (name: string, call: Call): Call => {
      return (...args) => {
        let result: unknown;
        try {
          result = call(...args);
        } catch (error) {
          seen.push(`${name}(${args.join(', ')})`);
          throw error;
        }
        if (planted?.name !== name || --planted.left > 0) return result;
        sprung++;
        throw new RuntimeError('planted');
      };
    };
    return Object.fromEntries(
      Object.entries(real).map(([name, value]) => [
        name,
        typeof value === 'function' ? watch(name, value as Call) : value,
      ]),
    );
  });
  return {
    seen,
    plant: (name, after) => {
      planted = { name, left: after };
      sprung = 0;
    },
    get sprung() {
      return sprung;
    },
  };
}
