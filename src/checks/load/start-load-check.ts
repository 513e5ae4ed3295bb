import { Worker } from 'node:worker_threads';
import fs from '../../io/file-system.ts';
import { canThread } from '../../io/threads.ts';
import type { Target } from '../../servers/targets.ts';
import type { RdbExamTask, RefusedValue } from './rdb-load-check.ts';

/** Less is looked at sooner than a thread starts. */
const threadedBytesMin = 16 * 1024 * 1024;

/** Looks at the values of these RDBs for a target, large ones on a thread of their own; the files that are compressed are left out. */
export async function examineFor(
  paths: readonly string[],
  target: Target,
  options: Pick<RdbExamTask, 'libraries' | 'mends' | 'sorts' | 'max'> & { readonly seed?: number },
): Promise<RefusedValue[]> {
  const { seed = 0, libraries, mends, sorts, max } = options;
  const plain = paths.filter((path) => path !== '-' && fs.statSync(path).isFile());
  const tasks = plain.map((path) => ({ path, target: target.name, seed, libraries, mends, sorts, max }));
  const found = await Promise.all(tasks.map((task) => examine(task)));
  return found.flat();
}

async function examine(task: RdbExamTask): Promise<RefusedValue[]> {
  if (fs.statSync(task.path).size >= threadedBytesMin && canThread()) {
    const found = await aside(task);
    if (found !== undefined) return found;
  }
  const { examineRdb } = await import('./rdb-load-check.ts');
  return examineRdb(task);
}

/** Undefined where the thread fails: then this one does it. */
function aside(task: RdbExamTask): Promise<RefusedValue[] | undefined> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./load-check-worker.js', import.meta.url), { workerData: task });
    worker.on('message', ({ refused }: { refused?: RefusedValue[] }) => resolve(refused));
    worker.on('error', () => resolve(undefined));
    worker.on('exit', () => resolve(undefined));
  });
}
