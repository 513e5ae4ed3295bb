import nodeFs from 'node:fs';
import nodePath from 'node:path';
import { parseManifest } from '../../aof/manifest.ts';
import { AtomicFile, type FileSystem, syncFolder, temporaryName } from '../../bytes/sink.ts';
import { UnwritableError } from '../../errors.ts';
import type { Finding } from '../../findings.ts';
import type { Sources } from '../dataset/sources.ts';
import { FindingList } from '../report.ts';
import { writeChecked } from './checked-copy.ts';
import type { DatasetPlan, PlannedFile } from './dataset-plan.ts';
import { manifestText } from './manifest-plan.ts';
import type { RepairOptions } from './options.ts';
import { keepBackup, Quarantine } from './quarantine.ts';
import { region } from './regions.ts';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** How an execution ended. */
export interface Executed {
  /** The result is sound. */
  ok: boolean;
  /** Something took its place. */
  replaced: boolean;
  reason?: string;
  written: { path: string; bytes: number }[];
  backups: string[];
  quarantine?: string;
  findings: readonly Finding[];
}

/**
 * Carries a plan out. The order is what makes it safe to be killed at any point:
 *
 *     1  what is left out goes to quarantine
 *     2  new files are written under temporary names, checked on the way, flushed
 *     3  in place: every file that will be replaced gets its backup
 *     4  the new files take their names, the manifest last, or first if it leaves parts out
 *     5  parts that went to quarantine, and that the manifest no longer names, are removed
 */
export class Execution {
  private readonly planned: DatasetPlan;
  private readonly options: RepairOptions;
  private readonly sources: Sources;
  private readonly fs: FileSystem;
  private readonly quarantine: Quarantine;
  private readonly findings = new FindingList();
  private readonly outputs: AtomicFile[] = [];
  private readonly backups: string[] = [];
  /** The folder that is built for a multi-part output, until it gets its name. */
  private readonly building: string | undefined;

  constructor(path: string, planned: DatasetPlan, options: RepairOptions, sources: Sources) {
    this.planned = planned;
    this.options = options;
    this.sources = sources;
    this.fs = options.fileSystem ?? nodeFs;
    const { output } = options;
    this.quarantine = new Quarantine(nodePath.resolve(output ?? path), this.fs);
    if (output !== undefined && planned.manifest !== undefined) {
      const whole = nodePath.resolve(output);
      this.building = nodePath.join(nodePath.dirname(whole), temporaryName(nodePath.basename(whole)));
    }
  }

  async run(): Promise<Executed> {
    try {
      this.fillQuarantine();
      await this.write();
      if (!this.isAcceptable()) return this.giveUp('what is left would still not be sound');
    } catch (error) {
      this.giveUp('');
      throw error;
    }
    this.swap();
    return this.executed();
  }

  /** Only what the plan said that it would leave may still be wrong. */
  private isAcceptable(): boolean {
    const left = new Set(this.planned.files.flatMap(({ plan }) => plan.unresolved.map(({ code }) => code)));
    return this.findings.findings.every(({ severity, code }) => severity !== 'error' || left.has(code));
  }

  private giveUp(reason: string): Executed {
    for (const file of this.outputs) file.abandon();
    this.quarantine.abandon();
    if (this.building !== undefined) removeTree(this.building, this.fs);
    for (const backup of this.backups) removeFile(backup, this.fs);
    return { ok: false, replaced: false, reason, written: [], backups: [], findings: this.findings.findings };
  }

  private fillQuarantine(): void {
    for (const { plan, scan, index } of this.planned.files) {
      if (plan.action === 'quarantine') {
        this.quarantine.add(this.sources, index, scan.path, region(0, scan.size, 'part', plan.reasons[0]));
      }
      for (const entry of plan.regions) {
        if (entry.action === 'quarantine' && entry.length > 0)
          this.quarantine.add(this.sources, index, scan.path, entry);
      }
    }
    this.quarantine.finish();
  }

  private async write(): Promise<void> {
    const { files, manifest } = this.planned;
    const inPlace = this.options.inPlace === true;
    if (this.building !== undefined) this.makeFolder(this.building);
    const kept = files.filter(({ plan }) => plan.action !== 'quarantine');
    for (const file of kept) {
      if (file.plan.action === 'keep' && inPlace) continue;
      await this.writeFile(file, file === kept.at(-1));
    }
    if (manifest !== undefined && (!inPlace || this.isManifestChanged())) this.writeManifest(kept);
  }

  private isManifestChanged(): boolean {
    const { files, manifest } = this.planned;
    return manifest?.changed === true || files.some(({ plan }) => plan.action === 'quarantine');
  }

  private makeFolder(path: string): void {
    try {
      this.fs.rmSync(path, { recursive: true, force: true });
      this.fs.mkdirSync(path);
    } catch (error) {
      throw new UnwritableError(path, error);
    }
  }

  private targetOf(path: string): string {
    if (this.building !== undefined) return nodePath.join(this.building, nodePath.basename(path));
    return this.options.output ?? path;
  }

  private async writeFile({ scan, index, plan }: PlannedFile, last: boolean): Promise<void> {
    const { options, sources, findings } = this;
    const out = new AtomicFile(this.targetOf(scan.path), this.fs);
    this.outputs.push(out);
    await writeChecked(sources, index, scan, plan.regions, out, findings, {
      part: scan.role !== 'file',
      last,
      seed: options.seed ?? 0x5bd1e995,
      pause: options.pause ?? nextTurn,
      onProgress: options.onProgress,
    });
    out.finish();
  }

  private writeManifest(kept: readonly PlannedFile[]): void {
    const { manifest } = this.planned;
    if (manifest === undefined) return;
    const names = new Set(kept.map(({ part }) => part?.name));
    const history = this.building === undefined ? manifest.parts.filter(({ type }) => type === 'h') : [];
    const parts = [...manifest.parts.filter(({ name, type }) => type !== 'h' && names.has(name)), ...history];
    const text = manifestText(parts);
    const out = new AtomicFile(this.targetOf(manifest.path), this.fs);
    this.outputs.push(out);
    out.write(text);
    out.finish();
    for (const { code, offset, expected, found } of parseManifest(text).faults) {
      this.findings.add(code, out.path, offset, { expected, found });
    }
  }

  /** From here on the new state comes about: an error leaves what is done, and the backups. */
  private swap(): void {
    const { options, outputs, fs } = this;
    try {
      if (options.inPlace && options.backup !== false) this.keepBackups();
    } catch (error) {
      this.giveUp('');
      throw error;
    }
    let done = 0;
    this.putManifestFirst();
    try {
      for (const file of outputs) {
        file.commit();
        done++;
      }
      if (this.building !== undefined && options.output !== undefined) {
        fs.renameSync(this.building, nodePath.resolve(options.output));
        syncFolder(nodePath.dirname(nodePath.resolve(options.output)), fs);
      }
    } catch (error) {
      for (const file of outputs.slice(done)) file.abandon();
      if (this.building !== undefined) removeTree(this.building, fs);
      if (done === 0 || options.inPlace !== true) throw error;
      const where = this.backups.length === 0 ? '' : `; the old ones are ${this.backups.join(', ')}`;
      throw new UnwritableError(outputs[done].path, error, `${done} of ${outputs.length} files were replaced${where}`);
    }
    if (options.inPlace) this.removeQuarantinedParts();
  }

  /**
   * The manifest comes last, so that it names what is there. But where parts go to quarantine it comes first: a cut part and the parts
   * behind it would else be loaded together, a dataset that never was.
   */
  private putManifestFirst(): void {
    const { files, manifest } = this.planned;
    const index = this.outputs.findIndex(({ path }) => path === manifest?.path);
    if (index < 0 || !files.some(({ plan }) => plan.action === 'quarantine')) return;
    this.outputs.unshift(...this.outputs.splice(index, 1));
  }

  private keepBackups(): void {
    for (const { path } of this.outputs) {
      if (!this.fs.existsSync(path)) continue;
      const file = this.planned.files.find(({ scan }) => scan.path === path);
      this.backups.push(keepBackup(path, this.sources, file?.index, this.fs));
    }
    const folders = new Set(this.backups.map((path) => nodePath.dirname(path)));
    for (const folder of folders) syncFolder(folder, this.fs);
  }

  private removeQuarantinedParts(): void {
    for (const { plan } of this.planned.files) {
      if (plan.action === 'quarantine') removeFile(plan.path, this.fs);
    }
  }

  private executed(): Executed {
    const { findings, backups, outputs } = this;
    const ok = findings.errors === 0;
    const written = outputs.map(({ path, length }) => ({ path: this.finalPath(path), bytes: length }));
    const quarantine = this.quarantine.path;
    const reason = ok ? undefined : 'some of it is not mended';
    return { ok, replaced: true, reason, written, backups, quarantine, findings: findings.findings };
  }

  private finalPath(path: string): string {
    const { output } = this.options;
    return this.building === undefined || output === undefined ? path : nodePath.join(output, nodePath.basename(path));
  }
}

function removeFile(path: string, fs: FileSystem): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // What cannot be removed is named by no manifest.
  }
}

function removeTree(path: string, fs: FileSystem): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch {
    // The error that led here is the one to report.
  }
}
