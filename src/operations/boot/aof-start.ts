import nodePath from 'node:path';
import { formatManifest, type ManifestPart, parseManifest } from '../../aof/manifest.ts';
import fs from '../../io/file-system.ts';
import { readSmallFile } from '../../io/small-file.ts';
import type { PartOutcome } from './server-load.ts';
import type { Start } from './start.ts';

type Part = Pick<ManifestPart, 'name' | 'sequence' | 'type' | 'extra'>;

/** Follows a server from its manifest to the files that it opens for writing. */
export class AofStart {
  private readonly start: Start;
  private base: Part | undefined;
  private increments: Part[] = [];
  private history: Part[] = [];
  private dirty = false;
  /** An old AOF is on its way into the folder: until then it lies here. */
  private movedFrom: string | undefined;

  constructor(start: Start) {
    this.start = start;
  }

  async run(): Promise<void> {
    const { start } = this;
    const { rules, settings } = start;
    if (!rules.multiPart) return settings.appendonly ? this.oldLayout() : this.rdbAlone();
    if (!this.readManifest()) return;
    await (settings.appendonly ? this.loadParts() : this.rdbAlone());
    if (start.fatal !== undefined) return;
    if (settings.appendonly) this.openForWriting();
    this.dropHistory();
    if (this.dirty) this.persist();
  }

  private async rdbAlone(): Promise<void> {
    const { start } = this;
    const name = start.settings.dbfilename;
    const size = start.size(name);
    if (size === undefined) return;
    const { sound, bytes, keys } = await start.load.loadRdbFile(start.path(name));
    start.files.push({ path: name, role: 'rdb', bytes, commands: 0, rdbKeys: keys });
    start.used.add(name);
    if (!sound) start.fatal = `${name} cannot be loaded: ${start.load.log.at(-1)}`;
  }

  /** Up to 6.2: one file, which is made if it is not there. */
  private async oldLayout(): Promise<void> {
    const { start } = this;
    const name = start.settings.appendfilename;
    start.used.add(name);
    if (start.size(name) === undefined) {
      start.change({ action: 'create', path: name, size: 0, why: 'the AOF is opened for writing' });
      this.noteEmptyStart();
      return;
    }
    const outcome = await start.load.loadPart(start.path(name), name, true);
    start.files.push({
      path: name,
      role: 'aof',
      bytes: outcome.bytes,
      commands: outcome.commands,
      rdbKeys: outcome.rdbKeys,
    });
    if (outcome.status === 'empty') return this.noteEmptyStart();
    if (this.survives(outcome, name, name, true)) start.say('DB loaded from append only file: ');
  }

  private readManifest(): boolean {
    const { start } = this;
    const path = this.manifestPath;
    // What is no regular file is refused by reading it: a server would wait for a pipe without end.
    if (!fs.existsSync(start.path(path))) return true;
    const { parts, faults } = parseManifest(readSmallFile(start.path(path)));
    const [fault] = faults;
    if (fault !== undefined) {
      const reason = `line ${fault.line} of the manifest: ${fault.reason}`;
      start.die(reason, ['*** FATAL AOF MANIFEST FILE ERROR ***', fault.reason]);
      return false;
    }
    start.files.push({ path, role: 'manifest', bytes: start.size(path) ?? 0, commands: 0, rdbKeys: 0 });
    this.base = parts.find(({ type }) => type === 'b');
    this.increments = parts.filter(({ type }) => type === 'i');
    this.history = parts.filter(({ type }) => type === 'h');
    for (const { name } of parts) start.used.add(this.inFolder(name));
    start.used.add(path);
    return true;
  }

  private get manifestPath(): string {
    return this.inFolder(`${this.start.settings.appendfilename}.manifest`);
  }

  private inFolder(name: string): string {
    return nodePath.join(this.start.settings.appenddirname, name);
  }

  private async loadParts(): Promise<void> {
    const { start } = this;
    this.upgrade();
    const parts = this.base === undefined ? this.increments : [this.base, ...this.increments];
    if (parts.length === 0) return this.noteEmptyStart();
    const missing = parts.find((part) => this.sizeOf(part) === undefined);
    if (missing !== undefined) {
      const line = `Unable to obtain the AOF file ${missing.name} length. stat: No such file or directory`;
      return start.die(`the manifest names ${missing.name}, which is not there`, [line]);
    }
    if (parts.every((part) => this.sizeOf(part) === 0)) this.noteEmptyStart();
    else for (const part of parts) if (!(await this.loadPart(part, part === parts.at(-1)))) return;
    start.say('DB loaded from append only file: ');
  }

  private sizeOf(part: Part): number | undefined {
    const isMoved = this.movedFrom !== undefined && part === this.base;
    return this.start.size(isMoved ? this.start.settings.appendfilename : this.inFolder(part.name));
  }

  private async loadPart(part: Part, last: boolean): Promise<boolean> {
    const { start } = this;
    const { name } = part;
    const isOld = name === start.settings.appendfilename;
    const path = this.movedFrom !== undefined && part === this.base ? this.movedFrom : this.inFolder(name);
    const outcome = await start.load.loadPart(start.path(path), name, isOld);
    const role = part.type === 'b' ? 'base' : 'incr';
    const { bytes, commands, rdbKeys, status } = outcome;
    start.files.push({ path: this.inFolder(name), role, bytes, commands, rdbKeys });
    if (status === 'empty') return true;
    if (!this.survives(outcome, name, this.inFolder(name), last)) return false;
    start.say(`DB loaded from ${role} file ${name}: `);
    return true;
  }

  /** Whether the server goes on after this file; what it cuts is noted. */
  private survives(outcome: PartOutcome, name: string, path: string, last: boolean): boolean {
    const { start } = this;
    const { rules, settings, load } = start;
    const { status, validUpTo, bytes } = outcome;
    if (status === 'ok') return true;
    if (status === 'fatal') {
      start.fatal = !load.crashes
        ? `${path}: ${load.log.at(-1)}`
        : `${path} holds a command with too few arguments: ${rules.server} does not check that, and mostly crashes`;
      this.noteMoved();
      return false;
    }
    const file = rules.multiPart ? ` ${name}` : '';
    const full = rules.namesFolder ? ` ${path}` : file;
    const canCut = status === 'torn' ? settings.loadTruncated : bytes - validUpTo < settings.corruptTailMax;
    if (!canCut) {
      const line =
        status === 'torn'
          ? `Unexpected end of file reading the append only file${file}`
          : `Bad file format reading the append only file${full}`;
      start.die(`${path}: ${line} (at offset ${validUpTo})`, [line]);
      this.noteMoved();
      return false;
    }
    if (status === 'torn') {
      start.say(`!!! Warning: short read while loading the AOF file${file}${rules.multiPart ? '' : ' '}!!!`);
      start.say(`!!! Truncating the AOF${file} at offset ${validUpTo} !!!`);
      start.say(`AOF${full} loaded anyway because aof-load-truncated is enabled`);
    } else {
      start.say('!!! Warning: corrupt AOF file tail!!!');
      start.say(`!!! Truncating the AOF${full} at offset ${validUpTo} (remaining ${bytes - validUpTo}) !!!`);
      start.say(`AOF${full} loaded anyway because aof-load-corrupt-tail-max-size is enabled`);
    }
    this.noteCut(outcome, path);
    if (last) return true;
    start.die(`${path} is torn and not the last file`, ['Fatal error: the truncated file is not the last file']);
    start.hazards.push(
      `${path} is cut before the server ends: a second start succeeds, without the last commands of that file.`,
    );
    return false;
  }

  private noteCut({ validUpTo, bytes, rdbLength, inTransaction, status }: PartOutcome, path: string): void {
    const { start } = this;
    const lost = bytes - Math.max(validUpTo, rdbLength);
    start.change({
      action: 'truncate',
      path,
      from: bytes,
      size: validUpTo,
      why: status === 'torn' ? 'the file ends inside a command' : 'the tail is damaged',
    });
    start.loss = `${lost} bytes at the end of ${path} are dropped`;
    if (rdbLength > validUpTo)
      start.hazards.push(
        `${path} is cut to 0 bytes, its RDB of ${rdbLength} bytes too: the dataset is then only in memory. Rewrite (BGREWRITEAOF) at once, or repair the file before the start.`,
      );
    if (inTransaction)
      start.hazards.push(
        `${path} is cut inside a transaction: the open MULTI stays, and whatever is written behind it is lost at the next start, unless an EXEC comes. Repair the file before the start.`,
      );
  }

  private noteMoved(): void {
    if (this.movedFrom !== undefined)
      this.start.hazards.push(
        `${this.movedFrom} is moved into ${this.start.settings.appenddirname} although it cannot be loaded: an older server no longer finds it.`,
      );
  }

  /** A dataset is expected, and the server finds none. */
  private noteEmptyStart(): void {
    const { start } = this;
    const { dbfilename, save } = start.settings;
    const size = start.size(dbfilename);
    if (size === undefined) return;
    const then = save.length > 0 ? ', and the first save overwrites it' : '';
    start.hazards.push(
      `The server starts empty: with appendonly yes ${dbfilename} (${size} bytes) is not read${then}.`,
    );
  }

  /** An AOF of the old layout becomes the base of a new one. */
  private upgrade(): void {
    const { start, base } = this;
    const { appendfilename: name, appenddirname } = start.settings;
    if (start.size(name) === undefined) return;
    const isEmpty = base === undefined && this.increments.length === 0;
    const isUnfinished =
      base?.name === name && this.increments.length === 0 && start.size(this.inFolder(name)) === undefined;
    if (start.isFolder(appenddirname) && !isEmpty && !isUnfinished) return;
    this.base = { name, sequence: 1, type: 'b', extra: [] };
    this.movedFrom = name;
    start.used.add(this.inFolder(name));
    start.used.add(name);
    this.persist();
    start.change({
      action: 'move',
      path: name,
      to: this.inFolder(name),
      why: 'an AOF of the old layout becomes the base of a multi-part one',
    });
    start.say(`Successfully migrated an old-style AOF file (${name}) into the AOF directory (${appenddirname}).`);
  }

  private openForWriting(): void {
    const { start } = this;
    const { settings, rules } = start;
    const prefix = settings.appendfilename;
    const startOffset: [string, string][] = rules.target.manifestStartOffset ? [['startoffset', '0']] : [];
    if (this.base === undefined && this.increments.length === 0) this.createBase(prefix);
    const last = this.increments.at(-1);
    if (last !== undefined) {
      start.say(`Opening AOF incr file ${last.name} on server start`);
    } else {
      const name = `${prefix}.1.incr.aof`;
      this.increments.push({ name, sequence: 1, type: 'i', extra: startOffset });
      const path = this.inFolder(name);
      const size = start.size(path);
      start.used.add(path);
      if (size === undefined) start.change({ action: 'create', path, size: 0, why: 'new commands go there' });
      else if (size > 0)
        start.hazards.push(
          `${path} (${size} bytes) is not loaded, but new commands are written behind what it holds: the next start executes its old commands too.`,
        );
      start.say(`Creating AOF incr file ${name} on server start`);
      this.dirty = true;
    }
  }

  private createBase(prefix: string): void {
    const { start } = this;
    const { useRdbPreamble, timestamps } = start.settings;
    const name = `${prefix}.1.base.${useRdbPreamble ? 'rdb' : 'aof'}`;
    const path = this.inFolder(name);
    const old = start.size(path);
    const size = useRdbPreamble ? undefined : timestamps ? 16 : 0;
    const why = 'the base of an empty dataset';
    start.change({ action: old === undefined ? 'create' : 'overwrite', path, size, why });
    if (old !== undefined)
      start.hazards.push(
        `${path} (${old} bytes) is overwritten with an empty base: the data in it is lost. Put the manifest right before the start.`,
      );
    start.used.add(path);
    start.say(`Creating AOF base file ${name} on server start`);
    this.base = { name, sequence: 1, type: 'b', extra: [] };
    this.dirty = true;
  }

  private dropHistory(): void {
    const { start } = this;
    if (start.settings.disableAutoGc || this.history.length === 0) return;
    for (const { name } of this.history) {
      const path = this.inFolder(name);
      if (start.size(path) !== undefined) start.change({ action: 'delete', path, why: 'it is history' });
    }
    this.history = [];
    this.dirty = true;
  }

  private persist(): void {
    const { start } = this;
    const keepsOffsets = start.rules.target.manifestStartOffset;
    const parts = [...(this.base === undefined ? [] : [this.base]), ...this.history, ...this.increments];
    const known = parts.map((part) => ({
      ...part,
      extra: keepsOffsets ? part.extra.filter(([key]) => /^(start|end)offset$/i.test(key)) : [],
    }));
    start.used.add(this.manifestPath);
    start.write(this.manifestPath, formatManifest(known), 'the parts have changed');
  }
}
