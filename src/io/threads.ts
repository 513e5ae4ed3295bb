import os from 'node:os';

/** Whether a second thread runs beside this one: from sources it does not start, since it knows no TypeScript. */
export function canThread(): boolean {
  return import.meta.url.endsWith('.js') && os.availableParallelism() > 1;
}
