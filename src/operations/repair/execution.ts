import nodePath from 'node:path';
import { listFolder } from '../../aof/layout.ts';
import { type ManifestPart, parseManifest } from '../../aof/manifest.ts';
import nodeFs from '../../bytes/file-system.ts';
import { AtomicFile, clearLitter, type FileSystem, syncFolder, temporaryName } from '../../bytes/sink.ts';
import { UnwritableError } from '../../errors.ts';
import type { Finding } from '../../findings.ts';
import type { Sources } from '../dataset/sources.ts';
import { FindingList } from '../report.ts';
import { PartsSwap, retire } from '../rewrite/parts-swap.ts';
import { nextTurn } from '../turns.ts';
import { checkJoins, writeChecked } from './checked-copy.ts';
import type { DatasetPlan, PlannedFile } from './dataset-plan.ts';
import { copyBehind } from './draft.ts';
import { type ManifestPlan, manifestText, successorName } from './manifest-plan.ts';
import type { RepairOptions } from './options.ts';
import { keepBackup, Quarantine } from './quarantine.ts';
import { piecesOf, region } from './regions.ts';
import type { WriteAhead } from './write-ahead.ts';

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
 *     1  what is left out goes to a quarantine without a name
 *     2  new files are written under temporary names, checked on the way, flushed
 *     3  the quarantine gets its name; in place, every file that will be replaced gets its backup
 *     4  one rename makes the new state the current one: of the file, of the folder, or, in place, of the manifest that names the new
 *        parts under new names (`PartsSwap`)
 */
export class Execution {
  private readonly planned: DatasetPlan;
  private readonly options: RepairOptions;
  private readonly sources: Sources;
  private readonly ahead: WriteAhead;
  private readonly fs: FileSystem;
  private readonly quarantine: Quarantine;
  private readonly findings = new FindingList();
  private readonly outputs: AtomicFile[] = [];
  private readonly backups: string[] = [];
  /** The folder that is built for a multi-part output, until it gets its name. */
  private readonly building: string | undefined;
  /** In place, where more than one file changes: the names of parts that are replaced, and of those that replace them. */
  private readonly successors: ReadonlyMap<string, string>;
  /** What makes the new parts current. */
  private parts: PartsSwap | undefined;

  constructor(path: string, planned: DatasetPlan, options: RepairOptions, sources: Sources, ahead: WriteAhead) {
    this.planned = planned;
    this.options = options;
    this.sources = sources;
    this.ahead = ahead;
    this.fs = options.fileSystem ?? nodeFs;
    const { output } = options;
    this.quarantine = new Quarantine(nodePath.resolve(output ?? path), this.fs);
    if (output !== undefined && planned.manifest !== undefined) {
      const whole = nodePath.resolve(output);
      this.building = nodePath.join(nodePath.dirname(whole), temporaryName(nodePath.basename(whole)));
    }
    this.successors = this.swapsParts() ? successorsOf(planned) : new Map();
  }

  /** Whether several files of a folder change, so that only a manifest that names new ones can change them at once. */
  private swapsParts(): boolean {
    const { files, manifest } = this.planned;
    if (this.options.inPlace !== true || manifest === undefined) return false;
    const changed = files.filter(({ plan }) => plan.action === 'rewrite').length;
    return changed > 1 || this.isManifestChanged();
  }

  async run(): Promise<Executed> {
    try {
      this.fillQuarantine();
      await this.write();
      if (!this.isAcceptable()) return this.giveUp('what is left would still not be sound');
    } catch (error) {
      this.giveUp('');
      throw beforeSwap(error);
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
    this.ahead.stop();
    for (const file of this.outputs) file.abandon();
    this.parts?.abandon();
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
    if (manifest === undefined) return;
    if (!inPlace) this.writeManifest(kept, manifest);
    else if (this.swapsParts()) this.prepareSwap(kept, manifest);
  }

  private isManifestChanged(): boolean {
    const { files, manifest } = this.planned;
    return manifest?.changed === true || files.some(({ plan }) => plan.action === 'quarantine');
  }

  private makeFolder(path: string): void {
    try {
      clearLitter(this.options.output ?? path, this.fs);
      this.fs.rmSync(path, { recursive: true, force: true });
      this.fs.mkdirSync(path);
    } catch (error) {
      throw new UnwritableError(path, error);
    }
  }

  private targetOf(path: string): string {
    if (this.building !== undefined) return nodePath.join(this.building, nodePath.basename(path));
    const successor = this.successors.get(nodePath.basename(path));
    if (successor !== undefined) return nodePath.join(nodePath.dirname(path), successor);
    return this.options.output ?? path;
  }

  private async writeFile({ scan, index, plan }: PlannedFile, last: boolean): Promise<void> {
    const { options, sources, findings, ahead } = this;
    const behind = scan.format === 'aof' && scan.proven.length > 0 ? ahead.behind(scan.size) : undefined;
    const drafted = behind && ahead.draft?.take(plan.regions);
    // It has the temporary name that the new file is to have.
    if (drafted === undefined) ahead.draft?.abandon();
    const like = options.inPlace ? scan.path : undefined;
    const out = drafted?.file ?? new AtomicFile(this.targetOf(scan.path), this.fs, like);
    this.outputs.push(out);
    if (behind !== undefined) {
      const pieces = piecesOf(scan.size, plan.regions, drafted?.done);
      copyBehind(behind, out, sources.descriptor(index), pieces);
    }
    const checking = {
      part: scan.role !== 'file',
      last,
      seed: options.seed ?? 0x5bd1e995,
      pause: options.pause ?? nextTurn,
      onProgress: options.onProgress,
    };
    if (behind === undefined) await writeChecked(sources, index, scan, plan.regions, out, findings, checking);
    behind?.finish();
    out.finish();
    if (behind !== undefined) await checkJoins(scan, plan.regions, out, findings, checking);
  }

  /** For a new folder. */
  private writeManifest(kept: readonly PlannedFile[], { path, parts }: ManifestPlan): void {
    const names = new Set(kept.map(({ part }) => part?.name));
    const out = new AtomicFile(this.targetOf(path), this.fs);
    this.outputs.push(out);
    out.write(
      this.checkedManifest(
        out.path,
        parts.filter(({ name, type }) => type !== 'h' && names.has(name)),
      ),
    );
    out.finish();
  }

  private checkedManifest(path: string, parts: readonly ManifestPart[]): Buffer {
    const text = manifestText(parts);
    for (const { code, offset, expected, found } of parseManifest(text).faults) {
      this.findings.add(code, path, offset, { expected, found });
    }
    return text;
  }

  /** In place. */
  private prepareSwap(kept: readonly PlannedFile[], { path, parts }: ManifestPlan): void {
    const { successors, outputs, fs } = this;
    const keeps = new Set(kept.map(({ part }) => part?.name));
    const active = parts.filter(({ type }) => type !== 'h');
    const current = active
      .filter(({ name }) => keeps.has(name))
      .map((part) => ({ ...part, name: successors.get(part.name) ?? part.name }));
    const retired = retire(active.filter(({ name }) => successors.has(name) || !keeps.has(name)));
    const history = parts.filter(({ type }) => type === 'h');
    this.checkedManifest(path, [...current, ...history]);
    this.parts = new PartsSwap(path, { current, history, retired }, [...outputs], fs);
  }

  /** From here on the new state comes about: an error of the last step leaves what is done, and the backups. */
  private swap(): void {
    const { options, parts } = this;
    try {
      this.quarantine.commit();
      if (options.inPlace && options.backup !== false) this.keepBackups();
      parts?.finish();
    } catch (error) {
      this.giveUp('');
      throw beforeSwap(error);
    }
    if (parts === undefined) this.putInPlace();
    else this.putPartsInPlace(parts);
  }

  private putPartsInPlace(parts: PartsSwap): void {
    try {
      parts.commit();
    } catch (error) {
      if (!parts.manifest.hasName) this.giveUp('');
      throw error;
    }
  }

  /** One file, or the folder that was built. */
  private putInPlace(): void {
    const { outputs, building, options, fs } = this;
    try {
      for (const file of outputs) file.commit();
      if (building === undefined || options.output === undefined) return;
      fs.renameSync(building, nodePath.resolve(options.output));
    } catch (error) {
      if (building === undefined && outputs.some((file) => file.hasName)) throw error;
      this.giveUp('');
      throw new UnwritableError(options.output ?? outputs[0].path, error);
    }
    syncFolder(nodePath.dirname(nodePath.resolve(options.output)), fs);
  }

  /** Of what one name will soon mean something else, or nothing. What goes to quarantine is kept there. */
  private keepBackups(): void {
    const replaced = this.planned.files.filter(({ plan }) => plan.action === 'rewrite');
    for (const { scan, index } of replaced) this.backups.push(keepBackup(scan.path, this.sources, index, this.fs));
    const { parts } = this;
    if (parts !== undefined && this.fs.existsSync(parts.manifest.path))
      this.backups.push(keepBackup(parts.manifest.path, this.sources, undefined, this.fs));
    const folders = new Set(this.backups.map((path) => nodePath.dirname(path)));
    for (const folder of folders) syncFolder(folder, this.fs);
  }

  private executed(): Executed {
    const { findings, backups, parts } = this;
    const ok = findings.errors === 0;
    const files = parts === undefined ? this.outputs : [...this.outputs, parts.manifest];
    const written = files.map(({ path, length }) => ({ path: this.finalPath(path), bytes: length }));
    const quarantine = this.quarantine.path;
    const reason = ok ? undefined : 'some of it is not mended';
    return { ok, replaced: true, reason, written, backups, quarantine, findings: findings.findings };
  }

  private finalPath(path: string): string {
    const { output } = this.options;
    return this.building === undefined || output === undefined ? path : nodePath.join(output, nodePath.basename(path));
  }
}

/** A part, a backup or a region in quarantine that has its name already is not yet what anybody loads. */
function beforeSwap(error: unknown): unknown {
  return error instanceof UnwritableError ? new UnwritableError(error.path, error) : error;
}

/** New names for the parts that are rewritten. */
function successorsOf({ files, manifest }: DatasetPlan): Map<string, string> {
  const successors = new Map<string, string>();
  if (manifest === undefined) return successors;
  const directory = nodePath.dirname(manifest.path);
  const taken = new Set([...listFolder(directory), ...manifest.parts.map(({ name }) => name)]);
  const prefix = nodePath.basename(manifest.path, '.manifest');
  for (const { part, plan } of files) {
    if (part === undefined || plan.action !== 'rewrite') continue;
    const name = successorName(part, prefix, (other) => taken.has(other));
    taken.add(name);
    successors.set(part.name, name);
  }
  return successors;
}

function removeFile(path: string, fs: FileSystem): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // The error that led here is the one to report.
  }
}

function removeTree(path: string, fs: FileSystem): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch {
    // The error that led here is the one to report.
  }
}
