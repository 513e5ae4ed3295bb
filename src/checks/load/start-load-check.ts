import { Worker } from 'node:worker_threads';
import fs from '../../io/file-system.ts';
import { canThread } from '../../io/threads.ts';
import type { NotedValues } from '../../rdb/noted-values.ts';
import type { Target } from '../../servers/targets.ts';
import type { LoadCheckTask } from './rdb-load-check.ts';
import { type RefusalOptions, type RefusedValue, refusedValues } from './refused-values.ts';
/** An RDB, and what a reading that has looked into its values has found; undefined where none has. */
export interface ReadRdb {
  readonly path: string;
  readonly noted: NotedValues | undefined;
}

/** What a target refuses to load of RDBs; those whose values were not looked into yet are read for it. */
export async function refusedOf(
  files: readonly ReadRdb[],
  target: Target,
  options: RefusalOptions & { readonly seed?: number },
): Promise<RefusedValue[]> {
  const noted = files.flatMap((file) => file.noted ?? []);
  const others = files.filter((file) => file.noted === undefined).map(({ path }) => path);
  const refused = await refusedValues(noted, target, options);
  return others.length === 0 ? refused : [...refused, ...(await checkLoadsOn(others, target, options))];
}

/** Less is looked at sooner than a thread starts. */
const threadedBytesMin = 16 * 1024 * 1024;

/** Looks at the values of these RDBs for a target, large ones on a thread of their own; what can be read only once is left out. */
async function checkLoadsOn(
  paths: readonly string[],
  target: Target,
  options: RefusalOptions & { readonly seed?: number },
): Promise<RefusedValue[]> {
  const { seed = 0, libraries, mends, sorts } = options;
  const plain = paths.filter((path) => path !== '-' && fs.statSync(path).isFile());
  const tasks = plain.map((path) => ({ path, target: target.name, seed, libraries, mends, sorts }));
  const found = await Promise.all(tasks.map((task) => examine(task)));
  return found.flat();
}

async function examine(task: LoadCheckTask): Promise<RefusedValue[]> {
  if (fs.statSync(task.path).size >= threadedBytesMin && canThread()) {
    const found = await aside(task);
    if (found !== undefined) return found;
  }
  const { checkRdbLoads } = await import('./rdb-load-check.ts');
  return checkRdbLoads(task);
}

/** Undefined where the thread fails: then this one does it. */
function aside(task: LoadCheckTask): Promise<RefusedValue[] | undefined> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./load-check-worker.js', import.meta.url), { workerData: task });
    worker.on('message', ({ refused }: { refused?: RefusedValue[] }) => resolve(refused));
    worker.on('error', () => resolve(undefined));
    worker.on('exit', () => resolve(undefined));
  });
}
