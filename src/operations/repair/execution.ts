import nodePath from 'node:path';
import { listFolder } from '../../aof/layout.ts';
import { type ManifestPart, parseManifest } from '../../aof/manifest.ts';
import { FindingList, plainNotes } from '../../aof/report.ts';
import type { Sources } from '../../dataset/sources.ts';
import { UnwritableError } from '../../errors.ts';
import type { Finding } from '../../findings.ts';
import { AtomicFile, placeBeside } from '../../io/atomic-file.ts';
import { BuildingFolder } from '../../io/building-folder.ts';
import nodeFs from '../../io/file-system.ts';
import { type FileSystem, unlinkQuietly } from '../../io/open-folder.ts';
import type { OutputLock } from '../../io/output-lock.ts';
import { likeFile, likeFiles, likeInputs, type Protection } from '../../io/protection.ts';
import { yieldToEventLoop } from '../../io/turns.ts';
import { keepBackup } from '../../output/backup.ts';
import { type InputGuard, unseenNote } from '../../output/input-guard.ts';
import { clearLeftParts, ManifestSwap } from '../../output/manifest-swap.ts';
import type { BackgroundCopy } from './background-copy.ts';
import { checkJoins, writeChecked } from './checked-copy.ts';
import type { DatasetPlan, PlannedFile } from './dataset-plan.ts';
import { copyBehind } from './draft.ts';
import { type ManifestPlan, manifestText, successorName } from './manifest-plan.ts';
import type { RepairSettings } from './options.ts';
import type { FileScan, Region } from './plan.ts';
import { Quarantine } from './quarantine.ts';
import { orderRegions, piecesOf, rdbEnd, region } from './regions.ts';

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
  notes: readonly string[];
  findings: readonly Finding[];
}

/** What keeps others away while a repair is carried out. */
export interface Safeguards {
  /** Of the output, or of the file or manifest that is replaced. */
  readonly lock: OutputLock;
  /** In place. */
  readonly guard: InputGuard | undefined;
}

/**
 * Carries a plan out. The order is what makes it safe to be killed at any point:
 *
 *     1  what is left out goes to a quarantine without a name
 *     2  new files are written under temporary names, checked on the way, flushed
 *     3  the quarantine gets its name; in place, every file that will be replaced gets its backup
 *     4  one rename makes the new state the current one: of the file, of the folder, or, in place, of the manifest that names the new
 *        parts under new names (`ManifestSwap`)
 */
export class Execution {
  private readonly planned: DatasetPlan;
  private readonly options: RepairSettings;
  private readonly sources: Sources;
  private readonly ahead: BackgroundCopy;
  private readonly fs: FileSystem;
  private readonly quarantine: Quarantine;
  private readonly findings = new FindingList();
  private readonly outputs: AtomicFile[] = [];
  private readonly backups: string[] = [];
  /** The folder that is built for a multi-part output, until it gets its name. */
  private building: BuildingFolder | undefined;
  private readonly lock: OutputLock;
  private readonly guard: InputGuard | undefined;
  /** Of what is written to a new place. */
  private readonly protection: Protection;
  private readonly notes: string[] = [];
  /** In place, where more than one file changes: the names of parts that are replaced, and of those that replace them. */
  private readonly successors: ReadonlyMap<string, string>;
  /** What makes the new parts current. */
  private parts: ManifestSwap | undefined;

  constructor(
    path: string,
    planned: DatasetPlan,
    options: RepairSettings,
    sources: Sources,
    ahead: BackgroundCopy,
    { lock, guard }: Safeguards,
  ) {
    this.planned = planned;
    this.options = options;
    this.sources = sources;
    this.ahead = ahead;
    this.lock = lock;
    this.guard = guard;
    this.fs = lock.fs;
    const { output } = options;
    const { files, manifest } = planned;
    const paths = files.map(({ scan }) => scan.path);
    this.quarantine = new Quarantine(nodePath.resolve(output ?? path), paths[0] ?? path, lock);
    this.protection = likeInputs(paths, manifest && nodePath.dirname(manifest.path));
    this.successors = this.swapsParts() ? successorsOf(planned, lock) : new Map();
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
      return await this.carryOut();
    } finally {
      this.building?.close();
      this.quarantine.close();
    }
  }

  private async carryOut(): Promise<Executed> {
    try {
      this.fillQuarantine();
      await this.write();
      if (!this.isAcceptable()) return this.giveUp('what is left would still not be sound');
    } catch (error) {
      this.giveUp('');
      throw beforeSwap(error);
    }
    return this.swap() ?? this.executed();
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
    this.building?.abandon();
    this.removeBackups();
    const { findings } = this.findings;
    return { ok: false, replaced: false, reason, written: [], backups: [], notes: [], findings };
  }

  private removeBackups(): void {
    const { folder } = this.lock;
    for (const backup of this.backups.splice(0)) unlinkQuietly(folder.at(nodePath.basename(backup)), this.fs);
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
    const { output } = this.options;
    if (output !== undefined && manifest !== undefined)
      this.building = new BuildingFolder(nodePath.resolve(output), this.lock);
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

  /** Where the new file comes to be, in a new folder, under a new name beside the old one, or in its place. */
  private open(path: string, like: Protection): AtomicFile {
    const name = nodePath.basename(path);
    if (this.building !== undefined) return this.building.file(name, this.protection);
    const successor = this.successors.get(name);
    const target = successor === undefined ? path : nodePath.join(nodePath.dirname(path), successor);
    const { output } = this.options;
    return output === undefined
      ? new AtomicFile(target, placeBeside(this.lock), like)
      : new AtomicFile(output, placeBeside(this.lock), this.protection);
  }

  private async writeFile({ scan, index, plan: planned }: PlannedFile, last: boolean): Promise<void> {
    const { options, sources, findings, ahead } = this;
    const plan = scan.envelope === undefined ? planned : { ...planned, regions: this.unwrap(scan, planned.regions) };
    const behind = scan.format === 'aof' && scan.proven.length > 0 ? ahead.behind(scan.size) : undefined;
    const drafted = behind && ahead.draft?.take(plan.regions);
    if (drafted === undefined) ahead.draft?.abandon();
    const out = drafted?.file ?? this.open(scan.path, likeFile(scan.path));
    this.outputs.push(out);
    if (behind !== undefined) {
      const pieces = piecesOf(scan.size, plan.regions, drafted?.done);
      copyBehind(behind, out, sources.descriptor(index), pieces);
    }
    const checking = {
      part: scan.role !== 'file',
      last,
      seed: options.seed ?? 0x5bd1e995,
      pause: options.pause ?? yieldToEventLoop,
      onProgress: options.onProgress,
    };
    if (behind === undefined) await writeChecked(sources, index, scan, plan.regions, out, findings, checking);
    behind?.finish();
    out.finish();
    if (behind !== undefined) await checkJoins(scan, plan.regions, out, findings, checking);
  }

  /** What comes out of a compressed envelope is written plain, and gets the checksum that the envelope made needless. */
  private unwrap(scan: FileScan, regions: readonly Region[]): readonly Region[] {
    for (const note of plainNotes(scan.path, scan.envelope)) this.notes.push(note);
    const hasEnd = regions.some(({ replacement }) => replacement === 'rdb-end');
    if (hasEnd || scan.rdbLength === 0) return regions;
    return orderRegions([...regions, rdbEnd(scan, 'rdb.checksum', 'the envelope needs none')]);
  }

  /** For a new folder. */
  private writeManifest(kept: readonly PlannedFile[], { path, parts }: ManifestPlan): void {
    const names = new Set(kept.map(({ part }) => part?.name));
    const out = this.open(path, this.protection);
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
    const { successors, outputs, lock } = this;
    const keeps = new Set(kept.map(({ part }) => part?.name));
    const active = parts.filter(({ type }) => type !== 'h');
    const current = active
      .filter(({ name }) => keeps.has(name))
      .map((part) => ({ ...part, name: successors.get(part.name) ?? part.name }));
    const retired = active.filter(({ name }) => successors.has(name) || !keeps.has(name));
    const history = parts.filter(({ type }) => type === 'h');
    this.checkedManifest(path, [...current, ...history]);
    const like = nodeFs.existsSync(path) ? likeFile(path) : likeFiles(this.planned.files.map(({ scan }) => scan.path));
    this.parts = new ManifestSwap(path, { current, history, retired }, [...outputs], lock, like);
  }

  /**
   * From here on the new state comes about: an error of the last step leaves what is done, and the backups. What it ended with instead, where
   * the input is not any more what was read.
   */
  private swap(): Executed | undefined {
    const { options, parts, guard } = this;
    let problem: string | undefined;
    try {
      this.quarantine.commit();
      parts?.finish();
      problem = guard?.problem();
      if (problem === undefined && options.inPlace && options.backup !== false) {
        this.keepBackups();
        problem = guard?.problem();
      }
    } catch (error) {
      this.giveUp('');
      throw beforeSwap(error);
    }
    if (problem !== undefined) return this.leave(problem);
    if (guard !== undefined && guard.unseen !== '') this.notes.push(unseenNote(guard.unseen));
    if (parts === undefined) this.putInPlace();
    else this.putPartsInPlace(parts);
    return undefined;
  }

  /** Nothing is replaced, and the result gets a name of its own. */
  private leave(problem: string): Executed {
    const { parts, outputs, quarantine } = this;
    this.removeBackups();
    const left = parts === undefined ? outputs[0].commitAside() : parts.leave();
    const written = [{ path: left, bytes: (parts?.manifest ?? outputs[0]).length }];
    const reason = `${problem}: nothing was replaced, and the result is ${left}`;
    const { findings } = this.findings;
    return {
      ok: false,
      replaced: false,
      reason,
      written,
      backups: [],
      quarantine: quarantine.path,
      notes: [],
      findings,
    };
  }

  private putPartsInPlace(parts: ManifestSwap): void {
    try {
      const kept = parts.commit(() => this.guard?.removalProblem(parts.manifest.path));
      if (kept !== undefined) this.notes.push(`the old parts stay, named as history: ${kept}`);
    } catch (error) {
      if (!parts.manifest.hasName) this.giveUp('');
      throw error;
    }
  }

  /** One file, or the folder that was built. */
  private putInPlace(): void {
    const { outputs, building, options } = this;
    try {
      for (const file of outputs) file.commit();
      if (building !== undefined && options.output !== undefined)
        building.commit(nodePath.resolve(options.output), this.protection);
    } catch (error) {
      if (building === undefined && outputs.some((file) => file.hasName)) throw error;
      if (building?.isNamed) throw error;
      this.giveUp('');
      throw new UnwritableError(options.output ?? outputs[0].path, error);
    }
  }

  /** Of what one name will soon mean something else, or nothing. What goes to quarantine is kept there. */
  private keepBackups(): void {
    const { parts, lock, backups } = this;
    const replaced = this.planned.files.filter(({ plan }) => plan.action === 'rewrite');
    for (const { scan } of replaced) backups.push(keepBackup(scan.path, lock));
    const manifest = parts?.manifest.path;
    if (manifest !== undefined && lock.folder.lookAt(nodePath.basename(manifest)) !== undefined)
      backups.push(keepBackup(manifest, lock));
    if (backups.length > 0) lock.folder.sync();
  }

  private executed(): Executed {
    const { findings, backups, parts, notes } = this;
    const ok = findings.errors === 0;
    const files = parts === undefined ? this.outputs : [...this.outputs, parts.manifest];
    const written = files.map(({ path, length }) => ({ path: this.finalPath(path), bytes: length }));
    const quarantine = this.quarantine.path;
    const reason = ok ? undefined : 'some of it is not mended';
    return { ok, replaced: true, reason, written, backups, quarantine, notes, findings: findings.findings };
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
function successorsOf({ files, manifest }: DatasetPlan, lock: OutputLock): Map<string, string> {
  const successors = new Map<string, string>();
  if (manifest === undefined) return successors;
  clearLeftParts(lock, manifest.parts);
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
