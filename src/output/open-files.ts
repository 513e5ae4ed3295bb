import fs from '../io/file-system.ts';
import type { FileIdentity } from '../io/open-folder.ts';

/** A process that has one of the files open. */
export interface Holder {
  readonly pid: number;
  readonly command: string;
  readonly path: string;
}

export interface OpenFileCheck {
  readonly holder: Holder | undefined;
  /** Why there may be others that cannot be seen from here; '' where all can. */
  readonly unseen: string;
}

/** A file, and the path to name it by. */
export interface WantedFile {
  readonly path: string;
  readonly identity: FileIdentity;
}

/** The PID namespace that a system starts with has this number in every Linux (PROC_PID_INIT_INO). */
const firstNamespace = 'pid:[4026531836]';
/** PF_KTHREAD: a thread of the kernel, which has no files open. */
const kernelThread = 0x00200000;

/**
 * Looks for another process that has one of these files open, by device and inode of its descriptors: so neither a mount nor a container,
 * where the file has another path, hides it. `proc`: where the system shows its processes (Linux).
 */
export function findOpenFiles(wanted: readonly WantedFile[], proc = '/proc'): OpenFileCheck {
  const paths = new Map(wanted.map(({ path, identity }) => [`${identity.device} ${identity.inode}`, path]));
  const processes = numbersIn(proc);
  if (processes === undefined || !processes.includes(String(process.pid))) {
    return { holder: undefined, unseen: 'this system does not show its processes' };
  }
  let hidden = 0;
  for (const pid of processes) {
    if (Number(pid) === process.pid) continue;
    const descriptors = numbersIn(`${proc}/${pid}/fd`);
    if (descriptors === undefined) {
      if (fs.existsSync(`${proc}/${pid}`) && !isKernelThread(`${proc}/${pid}`)) hidden++;
      continue;
    }
    for (const descriptor of descriptors) {
      const path = paths.get(fileOf(`${proc}/${pid}/fd/${descriptor}`));
      if (path !== undefined) return { holder: { pid: Number(pid), command: commandOf(proc, pid), path }, unseen: '' };
    }
  }
  return { holder: undefined, unseen: hiddenReason(proc, hidden) };
}

function hiddenReason(proc: string, hidden: number): string {
  if (linkOf(`${proc}/self/ns/pid`) !== firstNamespace)
    return 'it runs in a container, which shows only its own processes';
  if (process.geteuid?.() !== 0 && /\bhidepid=(?!0\b|off\b)/.test(mountOptions(proc))) {
    return 'this system shows only processes of the same user (hidepid)';
  }
  return hidden === 0 ? '' : `of ${hidden} processes of other users it cannot be told which files they have open`;
}

/** Options of the file system of processes, as it is mounted. */
function mountOptions(proc: string): string {
  const lines = textOf(`${proc}/self/mounts`).split('\n');
  return lines.find((line) => line.split(' ')[1] === proc)?.split(' ')[3] ?? '';
}

/** Names that are numbers; undefined where the folder cannot be read. */
function numbersIn(directory: string): string[] | undefined {
  try {
    return fs.readdirSync(directory).filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
}

function fileOf(path: string): string {
  try {
    const { dev, ino } = fs.statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return fs.readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** From the flags in /proc/PID/stat, the ninth field; the second may hold anything. */
function isKernelThread(directory: string): boolean {
  const stat = textOf(`${directory}/stat`);
  return (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6]) & kernelThread) !== 0;
}

function commandOf(proc: string, pid: string): string {
  return textOf(`${proc}/${pid}/comm`).trim() || '?';
}
