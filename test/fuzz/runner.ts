import { type ChildProcess, fork } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Outcome, Task } from './child.ts';
import type { FuzzInput } from './inputs.ts';

/** Real time without an answer that counts as a hang: the machine may be busy. */
const hangSeconds = 60;
/** Inputs of one process: memory that is lost bit by bit shows in a peak, not at the end of a long run. */
const inputsOfProcess = 1500;

export interface RunnerOptions {
  readonly kernels: 'on' | 'off';
  /** A folder of its own. */
  readonly scratch: string;
  /** Module of the library, built. */
  readonly api: string;
}

/** A process that runs inputs, started anew after a hang, a crash or many of them. */
export class Runner {
  private child: ChildProcess | undefined;
  private done = 0;
  private readonly options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.options = options;
  }

  /** What came out of each; a string says how the process ended. */
  async run(inputs: readonly FuzzInput[]): Promise<(Outcome | string)[]> {
    const outcomes: (Outcome | string)[] = [];
    while (outcomes.length < inputs.length) {
      if (this.done >= inputsOfProcess) this.stop();
      this.child ??= await this.start();
      const rest = inputs.slice(outcomes.length);
      outcomes.push(...(await this.batch(this.child, rest)));
      if (typeof outcomes.at(-1) === 'string') this.stop();
    }
    this.done += inputs.length;
    return outcomes;
  }

  /** Up to the first one at which the process ends. */
  private batch(child: ChildProcess, inputs: readonly FuzzInput[]): Promise<(Outcome | string)[]> {
    return new Promise((resolve) => {
      const outcomes: (Outcome | string)[] = [];
      let timer: NodeJS.Timeout;
      const add = (outcome: Outcome | string) => {
        clearTimeout(timer);
        outcomes.push(outcome);
        if (outcomes.length === inputs.length || typeof outcome === 'string') {
          child.removeAllListeners('message').removeAllListeners('exit');
          resolve(outcomes);
        } else wait();
      };
      const wait = () => {
        timer = setTimeout(() => add(`hang: more than ${hangSeconds} s`), hangSeconds * 1000);
      };
      child.on('message', add);
      child.on('exit', (code, signal) => add(`crash: exit ${code ?? signal}`));
      wait();
      for (const { files, path: name, options } of inputs) child.send({ files, path: name, options } satisfies Task);
    });
  }

  private async start(): Promise<ChildProcess> {
    const { kernels, scratch, api } = this.options;
    const folder = path.join(scratch, kernels);
    fs.mkdirSync(folder, { recursive: true });
    const env = { ...process.env, AOFKIT_FUZZ_KERNELS: kernels, AOFKIT_FUZZ_API: api, AOFKIT_FUZZ_SCRATCH: folder };
    // A process without a loader of TypeScript: each of its threads would start one, too.
    const child = fork(await childModule(scratch), {
      execArgv: [],
      env: { ...env, TMPDIR: folder },
      serialization: 'advanced',
    });
    await new Promise((resolve, reject) =>
      child.once('message', resolve).once('exit', () => reject(new Error('the process of the fuzz does not start'))),
    );
    child.removeAllListeners('exit');
    return child;
  }

  stop(): void {
    this.child?.removeAllListeners();
    this.child?.kill('SIGKILL');
    this.child = undefined;
    this.done = 0;
  }
}

async function childModule(scratch: string): Promise<string> {
  const outfile = path.join(scratch, 'child.mjs');
  if (!fs.existsSync(outfile)) {
    const entry = path.join(import.meta.dirname, 'child.ts');
    await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20' });
  }
  return outfile;
}
