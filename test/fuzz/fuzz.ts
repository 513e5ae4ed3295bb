import { type ChildProcess, fork } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type FuzzInput, fuzzInput } from './inputs.ts';
import type { Answer } from './operations.ts';

/** User time that an operation may take: so much, and so much a MiB. */
const secondsFixed = 1;
const secondsPerMiB = 1;
/** Resident memory of a process that runs one input after another, MiB. */
export const memoryMax = 1024;
/** A hang: real time, as the machine may be busy. */
const hangSeconds = 60;

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  readonly minutes?: number;
  /** Where failing inputs are put. */
  readonly failures: string;
  readonly scratch: string;
  /** Module of the library; the sources by default. */
  readonly api?: string;
  readonly onFailure?: (text: string) => void;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly failures: readonly string[];
  /** MiB. */
  readonly peak: number;
}

/** One of the two processes; started anew after a hang or a crash. */
class Runner {
  peak = 0;
  private child: ChildProcess | undefined;
  private readonly kernels: 'on' | 'off';
  private readonly options: FuzzOptions;

  constructor(kernels: 'on' | 'off', options: FuzzOptions) {
    this.kernels = kernels;
    this.options = options;
  }

  async run(input: string): Promise<Answer[] | string> {
    this.child ??= await this.start();
    const { child } = this;
    const scratch = path.join(this.options.scratch, `out-${this.kernels}`);
    const end = await new Promise<{ answers: Answer[]; peak: number } | string>((resolve) => {
      const timer = setTimeout(() => resolve(`hang: more than ${hangSeconds} s`), hangSeconds * 1000);
      const settle = (value: { answers: Answer[]; peak: number } | string) => {
        clearTimeout(timer);
        resolve(value);
      };
      child.removeAllListeners('message').removeAllListeners('exit');
      child.once('message', settle);
      child.once('exit', (code, signal) => settle(`crash: exit ${code ?? signal}`));
      child.send({ input, scratch });
    });
    if (typeof end === 'string') {
      this.stop();
      return end;
    }
    this.peak = Math.max(this.peak, end.peak);
    if (end.peak > memoryMax) {
      this.stop();
      return `memory: ${Math.round(end.peak)} MiB`;
    }
    return end.answers;
  }

  private async start(): Promise<ChildProcess> {
    const { api } = this.options;
    const env = { ...process.env, AOFKIT_FUZZ_KERNELS: this.kernels, ...(api && { AOFKIT_FUZZ_API: api }) };
    const child = fork(path.join(import.meta.dirname, 'child.ts'), { execArgv: ['--import', 'tsx'], env });
    await new Promise((resolve, reject) =>
      child.once('message', resolve).once('exit', () => reject(new Error('no start'))),
    );
    return child;
  }

  stop(): void {
    this.child?.removeAllListeners();
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }
}

/** Runs inputs 0 to `count` - 1 of a seed. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const runners = [new Runner('on', options), new Runner('off', options)];
  const failures: string[] = [];
  const end = options.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.minutes * 60_000;
  let number = 0;
  try {
    for (; number < options.count && Date.now() < end; number++) {
      const input = fuzzInput(options.seed, number);
      const failure = await tryInput(input, runners, options);
      if (failure === undefined) continue;
      const name = `${options.seed}-${number}`;
      write(path.join(options.failures, name), await shrink(input, failure, runners, options));
      failures.push(`${name} (${input.name}): ${failure}`);
      options.onFailure?.(failures[failures.length - 1]);
    }
  } finally {
    for (const runner of runners) runner.stop();
  }
  return { inputs: number, failures, peak: Math.max(...runners.map(({ peak }) => peak)) };
}

function write(folder: string, input: FuzzInput): void {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(input.files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), bytes);
  }
}

/** What is wrong with the answers to an input; undefined for nothing. */
async function tryInput(
  input: FuzzInput,
  runners: readonly Runner[],
  options: FuzzOptions,
): Promise<string | undefined> {
  const folder = path.join(options.scratch, 'input');
  write(folder, input);
  const size = Object.values(input.files).reduce((sum, bytes) => sum + bytes.length, 0);
  const most = secondsFixed + (secondsPerMiB * size) / 2 ** 20;
  const both: Answer[][] = [];
  for (const runner of runners) {
    const answers = await runner.run(path.join(folder, input.path));
    if (typeof answers === 'string') return answers;
    both.push(answers);
    for (const { command, bug } of answers) if (bug !== undefined) return `${command}: ${bug}`;
  }
  const [on, off] = both;
  for (const [index, { command, answer }] of on.entries()) {
    if (answer !== off[index].answer)
      return `${command}: another answer without kernels\n${difference(answer, off[index].answer)}`;
    // The first calls are compiled while they run: the better of two counts.
    const seconds = Math.min(on[index].seconds, off[index].seconds);
    if (seconds > most) return `${command}: ${seconds.toFixed(1)} s for ${size} bytes`;
  }
  return undefined;
}

/** Both from where they part. */
function difference(one: string, other: string): string {
  let from = 0;
  while (from < one.length && one[from] === other[from]) from++;
  from = Math.max(from - 80, 0);
  return `${one.slice(from, from + 300)}\n${other.slice(from, from + 300)}`;
}

/** What a failure is called, without what differs from input to input. */
const kindOf = (failure: string) => failure.split('\n', 1)[0].replace(/[\d.]+/g, '#');

/** Takes stretches out of the files as long as the same failure comes; at most 12 tries. */
async function shrink(
  input: FuzzInput,
  failure: string,
  runners: readonly Runner[],
  options: FuzzOptions,
): Promise<FuzzInput> {
  if (failure.startsWith('hang')) return input;
  let best = input;
  let tries = 12;
  for (const name of Object.keys(input.files)) {
    for (let step = best.files[name].length >> 1; step > 0 && tries > 0; step >>= 1) {
      for (let from = 0; from < best.files[name].length && tries-- > 0; ) {
        const bytes = best.files[name];
        const less = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + step)]);
        const smaller = { ...best, files: { ...best.files, [name]: less } };
        const found = await tryInput(smaller, runners, options);
        if (found !== undefined && kindOf(found) === kindOf(failure)) best = smaller;
        else from += step;
      }
    }
  }
  return best;
}
