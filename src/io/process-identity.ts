import nodeFs from 'node:fs';
import os from 'node:os';
import { threadId } from 'node:worker_threads';

/**
 * Which process it is, among all that ever were: a number alone means another process after a restart, and in another container.
 *
 *     boot       of the kernel: a random number, the same in all its containers; '' where the system tells none
 *     namespace  which processes the number counts among
 *     start      ticks since boot
 *     thread     of a process that runs several operations
 */
export interface ProcessIdentity {
  readonly host: string;
  readonly boot: string;
  readonly namespace: string;
  readonly pid: number;
  readonly start: string;
  readonly thread: number;
}

export function ownIdentity(): ProcessIdentity {
  const [pid, start] = processStat('self') ?? [process.pid, ''];
  const isOwnProc = pid === process.pid;
  return {
    host: os.hostname(),
    boot: readText('/proc/sys/kernel/random/boot_id'),
    namespace: isOwnProc ? linkText('/proc/self/ns/pid') : '',
    pid: process.pid,
    start: isOwnProc ? start : '',
    thread: threadId,
  };
}

/** Whether that process still runs; undefined where nothing here tells: it is of another host, of another container, or hidden. */
export function stillRuns(identity: ProcessIdentity): boolean | undefined {
  const own = ownIdentity();
  if (own.boot !== identity.boot || own.namespace !== identity.namespace) return undefined;
  if (own.boot === '' || own.namespace === '') {
    return own.host === identity.host && !exists(identity.pid) ? false : undefined;
  }
  const found = processStat(String(identity.pid));
  if (found !== undefined) return found[1] === identity.start;
  // /proc may hide it (hidepid).
  return exists(identity.pid) ? undefined : false;
}

/** Whether both are the same process; its threads may differ. */
export function isSameProcess(left: ProcessIdentity, right: ProcessIdentity): boolean {
  const { host, boot, namespace, pid, start } = left;
  const isHere = boot === right.boot && namespace === right.namespace && (boot !== '' || host === right.host);
  return isHere && pid === right.pid && start === right.start;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Number and start of a process, from /proc/PID/stat, whose second field may hold anything. */
function processStat(pid: string): [number, string] | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === '') return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return [Number.parseInt(text, 10), fields[19] ?? ''];
}

function readText(path: string): string {
  try {
    return nodeFs.readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}

function linkText(path: string): string {
  try {
    return nodeFs.readlinkSync(path);
  } catch {
    return '';
  }
}
