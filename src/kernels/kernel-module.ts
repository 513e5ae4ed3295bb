/** A WebAssembly module of this package: compiled when it is first used, and instantiated as often as it is wanted. */
export class KernelModule<T> {
  private readonly base64: string;
  private compiled: object | undefined;

  /** `base64`: the module, from one of the generated files. */
  constructor(base64: string) {
    this.base64 = base64;
  }

  /** The compiled module: it can be sent to a worker thread, which spares compiling it again. Throws where it cannot be compiled. */
  get module(): object {
    this.compiled ??= new engine.Module(Buffer.from(this.base64, 'base64'));
    return this.compiled;
  }

  /** What a new instance exports. Throws where this machine's engine cannot run it. */
  instance(): T {
    return new engine.Instance<T>(this.module).exports;
  }
}

/** What `make` gives; undefined where this machine's engine cannot run its kernels: then JavaScript does all. */
export function whereKernelsRun<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** What is used of WebAssembly: its types are part of lib.dom, which a program without a document does not load. */
const engine = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new <T>(module: object) => { readonly exports: T };
    };
  }
).WebAssembly;
