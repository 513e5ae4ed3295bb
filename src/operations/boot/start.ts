import nodePath from 'node:path';
import { append } from '../../arrays.ts';
import { statIfAny } from '../../io/file-system.ts';
import type { BootRules } from './generation.ts';
import type { BootFile, DiskChange } from './outcome.ts';
import type { ServerLoad } from './server-load.ts';
import type { BootSettings } from './settings.ts';

/** What becomes known of a start, step by step. Paths are relative to the data folder. */
export class Start {
  readonly directory: string;
  readonly rules: BootRules;
  readonly settings: BootSettings;
  readonly load: ServerLoad;
  readonly files: BootFile[] = [];
  readonly hazards: string[] = [];
  /** Why the server does not start. */
  fatal: string | undefined;
  /** What of the data it drops. */
  loss: string | undefined;
  /** Names that the AOF's folder holds for this server: in use, or still to be deleted. */
  readonly used = new Set<string>();
  private readonly list: DiskChange[] = [];

  constructor(directory: string, rules: BootRules, settings: BootSettings, load: ServerLoad) {
    this.directory = directory;
    this.rules = rules;
    this.settings = settings;
    this.load = load;
  }

  get changes(): readonly DiskChange[] {
    return this.list;
  }

  path(name: string): string {
    return nodePath.join(this.directory, name);
  }

  /** Size of a file; undefined where there is none. */
  size(name: string): number | undefined {
    const stat = statIfAny(this.path(name));
    return stat?.isFile() ? stat.size : undefined;
  }

  isFolder(name: string): boolean {
    return statIfAny(this.path(name))?.isDirectory() === true;
  }

  say(line: string): void {
    this.load.log.push(line);
  }

  /** The server ends here. `lines` go into the log. */
  die(reason: string, lines: readonly string[]): void {
    append(this.load.log, lines);
    this.fatal = reason;
  }

  change(change: DiskChange): void {
    this.list.push(change);
  }

  /** A text that is written whole: the last of several counts. */
  write(path: string, text: string, why: string): void {
    const earlier = this.list.findIndex(
      (one) => one.path === path && (one.action === 'create' || one.action === 'overwrite'),
    );
    if (earlier >= 0) this.list.splice(earlier, 1);
    const action = this.size(path) === undefined ? 'create' : 'overwrite';
    this.list.push({ action, path, size: text.length, text, why });
  }

  /** A node of a cluster writes what it knows of itself before it looks at its data. */
  openCluster(): void {
    const { cluster, clusterConfigFile: path } = this.settings;
    if (!cluster || (this.size(path) ?? 0) > 0) return;
    const action = this.size(path) === undefined ? 'create' : 'overwrite';
    this.change({ action, path, why: 'a node of a cluster writes what it knows of the others' });
  }

  /** What becomes of the data once the server runs. */
  noteHazards(): void {
    const { replica, maxMemory, maxMemoryPolicy } = this.settings;
    if (replica)
      this.hazards.push(
        'It follows a master (replicaof): once connected, what it has loaded gives way to what the master has.',
      );
    if (maxMemory > 0 && maxMemoryPolicy !== 'noeviction')
      this.hazards.push(
        `maxmemory is ${maxMemory} bytes with ${maxMemoryPolicy}: keys that do not fit go as soon as it serves commands.`,
      );
  }
}
