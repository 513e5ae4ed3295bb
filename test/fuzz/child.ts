/*
 * A process that runs all operations on one input after another, and tells of each what came out and what it cost. With
 * AOFKIT_FUZZ_KERNELS=off no kernel can be loaded.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type Answer, runAll } from './operations.ts';

export interface Task {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly path: string;
  readonly options: number;
}

export interface Outcome {
  readonly answers: readonly Answer[];
  /** Resident memory at its peak while the input was run, and of the process before the first one, MiB. */
  readonly peak: number;
  readonly start: number;
}

if (process.env.AOFKIT_FUZZ_KERNELS === 'off') Reflect.deleteProperty(globalThis, 'WebAssembly');
const api = (await import(process.env.AOFKIT_FUZZ_API as string)) as typeof import('../../src/index.ts');
const scratch = process.env.AOFKIT_FUZZ_SCRATCH as string;

/** Linux counts the peak anew from here on. */
function resetPeak(): void {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the peak is that of the whole process.
  }
}

function peakMiB(): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(fs.readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

function writeInput({ files, path: name }: Task): string {
  const folder = path.join(scratch, 'input');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), bytes);
  }
  return path.join(folder, name);
}

const start = process.memoryUsage().rss / 2 ** 20;
// One at a time: the parent sends the next one ahead.
let last = Promise.resolve();
process.on('message', (task: Task) => {
  last = last.then(async () => {
    const input = writeInput(task);
    resetPeak();
    const answers = await runAll(api, input, task.options, path.join(scratch, 'output'));
    const shown = answers.map((one) => ({ ...one, answer: one.answer.replaceAll(scratch, '') }));
    process.send?.({ answers: shown, peak: peakMiB(), start } satisfies Outcome);
  });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
