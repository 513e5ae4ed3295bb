import fs from 'node:fs';
import path from 'node:path';
import type { Outcome } from './child.ts';
import { type FuzzInput, fuzzInput } from './inputs.ts';
import { Runner } from './runner.ts';

/** User time that an operation may take: so much by default, and so much a MiB. */
const secondsFixedDefault = 1;
const secondsPerMiB = 1;
/** Resident memory that an input may take beyond that of the process when it starts: so much, and so many times its size, MiB. */
export const memoryFixed = 320;
export const memoryPerMiB = 64;
const batchLength = 24;
/** Runs that shrink a failing input. */
const shrinkTries = 40;

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  /** Only this number. */
  readonly only?: number;
  readonly minutes?: number;
  /** User time that any operation may take, whatever its input's size; more of it where other work takes the processors' caches. */
  readonly secondsFixed?: number;
  /** Where failing inputs are put. */
  readonly failures: string;
  readonly scratch: string;
  /** Module of the library; the one in `dist` by default. */
  readonly api?: string;
  readonly onFailure?: (text: string) => void;
  readonly onProgress?: (inputs: number) => void;
}

interface Worst {
  readonly value: number;
  readonly input: string;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly operations: number;
  readonly failures: readonly string[];
  /** Most user time of an operation, seconds; most resident memory beyond that at the start, MiB. */
  readonly slowest: Worst;
  readonly largest: Worst;
}

const builtModule = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'index.js');

/** Runs inputs 0 to `count` - 1 of a seed, or one of them. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const run = new FuzzRun(options);
  try {
    return await run.all();
  } finally {
    run.stop();
  }
}

class FuzzRun {
  private readonly options: FuzzOptions;
  private readonly runners: readonly Runner[];
  private readonly failures: string[] = [];
  private readonly secondsFixed: number;
  private inputs = 0;
  private operations = 0;
  private slowest: Worst = { value: 0, input: '' };
  private largest: Worst = { value: 0, input: '' };

  constructor(options: FuzzOptions) {
    this.options = options;
    const { scratch, api = builtModule, secondsFixed = secondsFixedDefault } = options;
    this.secondsFixed = secondsFixed;
    if (!fs.existsSync(api)) throw new Error('not built: run "npm run build" first');
    this.runners = (['on', 'off'] as const).map((kernels) => new Runner({ kernels, scratch, api }));
  }

  stop(): void {
    for (const runner of this.runners) runner.stop();
  }

  async all(): Promise<FuzzResult> {
    const { count, only, minutes, onProgress } = this.options;
    const end = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
    const [from, to] = only === undefined ? [0, count] : [only, only + 1];
    for (let number = from; number < to && Date.now() < end; number += batchLength) {
      await this.batch(number, Math.min(number + batchLength, to));
      onProgress?.(this.inputs);
    }
    const { inputs, operations, failures, slowest, largest } = this;
    return { inputs, operations, failures, slowest, largest };
  }

  private async batch(from: number, to: number): Promise<void> {
    const { seed } = this.options;
    const inputs = Array.from({ length: to - from }, (_, index) => fuzzInput(seed, from + index));
    const [on, off] = await Promise.all(this.runners.map((runner) => runner.run(inputs)));
    for (const [index, input] of inputs.entries()) {
      const name = `${seed}-${from + index}`;
      this.inputs++;
      this.measure(`${name} ${input.name}`, on[index], off[index]);
      if (fault(input, on[index], off[index], this.secondsFixed) === undefined) continue;
      // Once more, in processes that have just started: what time and memory are worth only shows there.
      for (const runner of this.runners) if (isCostly(input, this.secondsFixed, on[index], off[index])) runner.stop();
      const again = await this.attempt(input);
      if (again !== undefined) await this.fail(name, input, again);
    }
  }

  private measure(input: string, ...outcomes: (Outcome | string)[]): void {
    for (const outcome of outcomes) {
      if (typeof outcome === 'string') continue;
      this.operations += outcome.answers.length;
      const memory = outcome.peak - outcome.start;
      if (memory > this.largest.value) this.largest = { value: memory, input };
      for (const { seconds, command } of outcome.answers)
        if (seconds > this.slowest.value) this.slowest = { value: seconds, input: `${input} ${command}` };
    }
  }

  private async attempt(input: FuzzInput): Promise<string | undefined> {
    const [[on], [off]] = await Promise.all(this.runners.map((runner) => runner.run([input])));
    return fault(input, on, off, this.secondsFixed);
  }

  private async fail(name: string, input: FuzzInput, failure: string): Promise<void> {
    const folder = path.join(this.options.failures, name);
    writeFiles(folder, failure.startsWith('hang') ? input : await this.shrink(input, failure));
    this.failures.push(`${name} (${input.name}): ${failure}`);
    this.options.onFailure?.(this.failures[this.failures.length - 1]);
  }

  /** Takes ranges out of the files as long as the same failure comes. */
  private async shrink(input: FuzzInput, failure: string): Promise<FuzzInput> {
    let best = input;
    let tries = shrinkTries;
    for (const name of Object.keys(input.files)) {
      for (let step = best.files[name].length >> 1; step > 0 && tries > 0; step >>= 1) {
        for (let from = 0; from < best.files[name].length && tries-- > 0; ) {
          const bytes = best.files[name];
          const less = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + step)]);
          const smaller = { ...best, files: { ...best.files, [name]: less } };
          const found = await this.attempt(smaller);
          if (found !== undefined && kindOf(found) === kindOf(failure)) best = smaller;
          else from += step;
        }
      }
    }
    return best;
  }
}

function writeFiles(folder: string, input: FuzzInput): void {
  fs.rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of Object.entries(input.files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), bytes);
  }
  fs.writeFileSync(path.join(folder, 'options.txt'), String(input.options));
}

const mebibytes = ({ files }: FuzzInput) =>
  Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0) / 2 ** 20;

function isCostly(input: FuzzInput, secondsFixed: number, ...outcomes: (Outcome | string)[]): boolean {
  return outcomes.some((outcome) => typeof outcome !== 'string' && costOf(input, outcome, secondsFixed) !== undefined);
}

function costOf(input: FuzzInput, { answers, peak, start }: Outcome, secondsFixed: number): string | undefined {
  const size = mebibytes(input);
  for (const { command, seconds } of answers) {
    if (seconds > secondsFixed + secondsPerMiB * size)
      return `${command}: ${seconds.toFixed(1)} s for ${size.toFixed(2)} MiB`;
  }
  const memory = peak - start;
  return memory > memoryFixed + memoryPerMiB * size
    ? `memory: ${Math.round(memory)} MiB for ${size.toFixed(2)} MiB`
    : undefined;
}

/** What is wrong with the outcomes of an input, with kernels and without; undefined for nothing. */
function fault(
  input: FuzzInput,
  on: Outcome | string,
  off: Outcome | string,
  secondsFixed: number,
): string | undefined {
  if (typeof on === 'string') return on;
  if (typeof off === 'string') return `without kernels: ${off}`;
  for (const [index, { command, answer, bug }] of on.answers.entries()) {
    const other = off.answers[index];
    if (bug ?? other.bug) return `${command}: ${bug ?? other.bug}`;
    if (sameFor(command, answer) !== sameFor(command, other.answer))
      return `${command}: another answer without kernels\n${difference(answer, other.answer)}`;
  }
  return costOf(input, on, secondsFixed) ?? costOf(input, off, secondsFixed);
}

/**
 * What must be the same with kernels and without. Where untouched keys are copied, which needs a kernel, a rewrite puts the keys in
 * another order: then its length and its bytes are others and its digest is not, and of several damaged keys it meets another one first.
 */
function sameFor(command: string, answer: string): string {
  if (!/^(rewrite|restore|convert)$/.test(command)) return answer;
  if (answer.startsWith('FormatError') || answer.startsWith('EncodingError')) return 'a fault of the data';
  return answer.replace(/ [^ "]+ [0-9a-f]{40}(?=$| )/g, ' file').replace(/"bytes":\d+/g, 'bytes');
}

/** Both from where they part. */
function difference(left: string, right: string): string {
  let from = 0;
  while (from < left.length && left[from] === right[from]) from++;
  from = Math.max(from - 80, 0);
  return `${left.slice(from, from + 300)}\n${right.slice(from, from + 300)}`;
}

/** What a failure is called, without what differs from input to input. */
const kindOf = (failure: string) => failure.split('\n', 1)[0].replace(/[\d.]+/g, '#');
