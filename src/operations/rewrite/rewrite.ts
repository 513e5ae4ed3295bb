import nodeFs from 'node:fs';
import nodePath from 'node:path';
import { detectLayout, type Layout } from '../../aof/layout.ts';
import type { Flavor } from '../../engine/flavor.ts';
import { UsageError } from '../../errors.ts';
import { findTarget, nextTarget, type Target } from '../../rdb/targets.ts';
import { changesDigest, type Loss, minorLosses } from '../../rdb/writer/losses.ts';
import { RdbWriter } from '../../rdb/writer/rdb-writer.ts';
import { RespRewriter } from '../../resp/rewrite/resp-rewriter.ts';
import { takeCensus } from '../dataset/census.ts';
import { keyFilter } from '../dataset/filter.ts';
import { flavorOf, flavorOfReport } from '../dataset/flavor-choice.ts';
import { type Loaded, type LoadOptions, loadDataset } from '../dataset/load.ts';
import { EarlyDigest } from '../early-digest.ts';
import { FindingList } from '../report.ts';
import { PointGate } from '../restore/point-gate.ts';
import { pointRefusal, selectionOf, settlePoint, surveyLog } from '../restore/settle.ts';
import { DatasetWriter } from './dataset-writer.ts';
import { growthPercent, measureGrowth } from './growth.ts';
import { findHolders } from './holders.ts';
import type { LogSelection, OutputFormat, RewriteOptions, RewriteOutcome, RewriteResult } from './options.ts';
import { FileOutput, FolderOutput, FolderRewrite, type Output } from './output.ts';
import { TailWriter } from './tail.ts';
import { usedTarget } from './target-choice.ts';
import { verifyOutput } from './verification.ts';

/** Losses that are kept one by one; all are counted. */
const lossesMax = 1000;

const noSelection: LogSelection = { commands: 0, leftOut: 0 };

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Loads the dataset at `path` and writes the shortest files that rebuild it. Nothing is replaced until the result is whole,
 * flushed and, with `verify`, read again. Throws UnreadableError, UnwritableError, UsageError.
 */
export async function rewrite(path: string, options: RewriteOptions): Promise<RewriteResult> {
  const run = new Rewrite(path, options);
  try {
    return await run.run();
  } finally {
    run.close();
  }
}

class Rewrite {
  private readonly path: string;
  private readonly options: RewriteOptions;
  private readonly findings = new FindingList();
  private loaded: Loaded | undefined;
  private digest: EarlyDigest | undefined;
  private losses: Loss[] = [];
  private lossCount = 0;
  private seriousLosses = 0;
  /** Losses that change a key's digest, all of them. */
  private changed: Loss[] = [];
  private filtered = 0;
  private target: Target | undefined;
  private format: OutputFormat = 'aof';
  private gate: PointGate | undefined;
  private selection: LogSelection | undefined;

  constructor(path: string, options: RewriteOptions) {
    this.path = path;
    this.options = options;
    if ((options.output === undefined) === (options.inPlace !== true)) {
      throw new UsageError('say where the result goes: an output, or in place');
    }
    if (options.point !== undefined && options.inPlace === true) {
      throw new UsageError('a point in time leaves its source as it is: name an output');
    }
    if (options.target !== undefined) {
      this.target = findTarget(options.target);
      if (this.target === undefined) throw new UsageError(`no server generation is called ${options.target}`);
    }
  }

  close(): void {
    this.digest?.stop();
    this.loaded?.close();
  }

  async run(): Promise<RewriteResult> {
    const { options } = this;
    const quiet = this.notGrown();
    if (quiet !== undefined) return this.result('not-needed', quiet);
    const layout = detectLayout(this.path);
    this.refuseHeld(layout);
    const { at, onProgress, pause, seed, opaque, point } = options;
    const flavor = flavorOf(layout, this.target);
    const load: LoadOptions = { flavor, at, onProgress, pause, seed, opaque, expired: 'keep' };
    if (point !== undefined) {
      const settled = settlePoint(point, await surveyLog(this.path, point, load));
      if (typeof settled === 'string') return this.result('refused', settled);
      this.gate = new PointGate(settled);
    }
    this.loaded = await loadDataset(this.path, { ...load, findings: this.findings, gate: this.gate });
    const refusal = this.refusal(this.loaded);
    if (refusal !== undefined) return this.result('refused', refusal);
    this.applyFilter(this.loaded);
    this.format = this.chooseFormat(this.loaded);
    if (options.digest !== false || options.verify === true)
      this.digest = new EarlyDigest(this.loaded, flavorOfReport(flavor), at);
    if (this.gate !== undefined) this.selection = selectionOf(this.gate);
    if ((await options.review?.(this.loaded, this.selection ?? noSelection)) === false)
      return this.result('reviewed', '');
    return this.write(this.loaded);
  }

  /** The server's rule for a rewrite by itself; why not, or undefined. */
  private notGrown(): string | undefined {
    const rule = this.options.onlyIfGrown;
    if (rule === undefined) return undefined;
    const growth = measureGrowth(this.path);
    const percent = growthPercent(growth);
    if (growth.bytes < rule.bytesMin) return `it is ${growth.bytes} bytes long, and the rule asks for ${rule.bytesMin}`;
    if (percent < rule.percent) return `it has grown by ${percent} %, and the rule asks for ${rule.percent} %`;
    return undefined;
  }

  /** In place, nobody else may have the files open. */
  private refuseHeld(layout: Layout): void {
    if (this.options.inPlace !== true || this.options.force === true) return;
    const [holder] = findHolders(filesOf(layout));
    if (holder === undefined) return;
    throw new UsageError(
      `process ${holder.pid} (${holder.command}) has ${holder.path} open: stop the server first, or say --force`,
    );
  }

  /** Why what was loaded must not be rewritten; undefined if it may. */
  private refusal(loaded: Loaded): string | undefined {
    if (loaded.findings.errors > 0) return 'the input is damaged: check says where';
    const [first] = loaded.opaque;
    if (first !== undefined && (this.options.opaque ?? 'fail') === 'fail') {
      return `the effect of ${loaded.opaque.length} commands is not known, the first of them ${first.name} at offset ${first.offset} of ${first.path}`;
    }
    return this.gate && pointRefusal(this.gate, loaded);
  }

  private applyFilter(loaded: Loaded): void {
    const passes = keyFilter(this.options.filter ?? {});
    if (passes === undefined) return;
    for (const database of loaded.dataset.occupied()) {
      const keys = loaded.dataset.database(database);
      const unwanted: number[] = [];
      for (let entry = keys.next(-1); entry >= 0; entry = keys.next(entry)) {
        if (!passes(database, keys, entry)) unwanted.push(entry);
      }
      for (const entry of unwanted) keys.remove(entry);
      this.filtered += unwanted.length;
    }
  }

  private chooseFormat(loaded: Loaded): OutputFormat {
    const natural: Record<string, OutputFormat> = { rdb: 'rdb', hybrid: 'hybrid', 'multi-part': 'multipart' };
    const own = natural[loaded.layout] ?? 'aof';
    const format = this.options.format ?? own;
    if (this.options.inPlace === true && format !== own) {
      throw new UsageError(`in place, a ${own} stays a ${own}: name an output to write a ${format}`);
    }
    return format;
  }

  /** Writes for the wanted target; for a default one, the next newer target is tried where it cannot hold everything. */
  private async write(loaded: Loaded): Promise<RewriteResult> {
    const chosen = this.target;
    for (let target: Target = chosen ?? this.defaultTarget(loaded); ; ) {
      this.target = target;
      const output = this.openOutput(loaded, target);
      try {
        await this.fill(loaded, output, target);
        output.finish();
      } catch (error) {
        output.abandon();
        throw error;
      }
      const newer: Target | undefined = chosen === undefined && this.seriousLosses > 0 ? nextTarget(target) : undefined;
      if (newer === undefined) return this.settle(loaded, output);
      output.abandon();
      target = newer;
    }
  }

  /** What the input used, or the first newer generation that has the wanted layout. */
  private defaultTarget(loaded: Loaded): Target {
    const fits = ({ hasManifest, hasPreamble }: Target) =>
      (this.format !== 'multipart' || hasManifest) && (this.format !== 'hybrid' || hasPreamble);
    let target = usedTarget(loaded);
    for (let next = nextTarget(target); next !== undefined && !fits(target); next = nextTarget(next)) target = next;
    return target;
  }

  private openOutput(loaded: Loaded, target: Target): Output {
    const { options, format } = this;
    const fs = options.fileSystem;
    if (format === 'multipart') {
      if (!target.hasManifest) throw new UsageError(`${target.name} has no multi-part AOFs`);
      const extension = this.baseForm(loaded);
      if (options.output !== undefined) {
        refuseExisting(options.output, options.force === true && isEmptyFolder(options.output));
        return new FolderOutput(options.output, extension, target, fs);
      }
      const manifest = loaded.multiPart?.manifest ?? '';
      return new FolderRewrite(manifest, extension, target, options.keepHistory === true, fs);
    }
    if (format === 'hybrid' && !target.hasPreamble)
      throw new UsageError(`${target.name} reads no AOF with an RDB preamble`);
    if (options.output !== undefined) refuseExisting(options.output, options.force === true);
    return new FileOutput(options.output ?? loaded.files[0].path, fs);
  }

  private baseForm(loaded: Loaded): 'rdb' | 'aof' {
    if (this.options.base !== undefined) return this.options.base;
    const base = loaded.files.find((file) => file.role === 'base');
    return base?.format === 'aof' ? 'aof' : 'rdb';
  }

  private async fill(loaded: Loaded, output: Output, target: Target): Promise<void> {
    const { options, format } = this;
    this.losses = [];
    this.changed = [];
    this.lossCount = this.seriousLosses = 0;
    const onLoss = (loss: Loss) => this.addLoss(loss);
    const now = options.at;
    const writer = new DatasetWriter(loaded, options.pause ?? nextTurn);
    const inCommands = format === 'aof' || (format === 'multipart' && this.baseForm(loaded) === 'aof');
    const tail = new TailWriter(output.increment ?? output.main, loaded);
    if (inCommands) {
      const rewriter = new RespRewriter(output.main, { target, now, onLoss });
      await writer.toCommands(rewriter);
      rewriter.finish();
    } else {
      const { compress, checksum } = options;
      const commandsFollow = format !== 'rdb';
      const rdb = new RdbWriter(output.main, { target, now, onLoss, compress, checksum, commandsFollow });
      rdb.writeHeader({ ctime: Math.floor(now / 1000), isBase: format !== 'rdb' });
      await writer.toRdb(rdb);
      rdb.finish();
      if (commandsFollow) tail.writeTrailing(writer.trailing);
    }
    if (options.opaque === 'keep') {
      if (format === 'rdb' && loaded.opaque.length > 0)
        throw new UsageError('an RDB cannot carry commands: write a hybrid or a multi-part AOF');
      tail.writeOpaque(loaded.opaque);
    }
    tail.finish();
  }

  private addLoss(loss: Loss): void {
    this.lossCount++;
    if (!minorLosses.has(loss.kind)) this.seriousLosses++;
    if (changesDigest(loss.kind)) this.changed.push(loss);
    if (this.losses.length < lossesMax) this.losses.push(loss);
  }

  /** Everything is written: refuses it, verifies it, or puts it in place. */
  private async settle(loaded: Loaded, output: Output): Promise<RewriteResult> {
    const { options } = this;
    if (this.seriousLosses > 0 && options.allowLoss !== true) {
      output.abandon();
      return this.result('refused', `${this.target?.name} cannot hold all of it: see the losses, and --allow-loss`);
    }
    let digest = '';
    try {
      digest = (await this.digest?.finish()) ?? '';
      if (options.verify === true) {
        const expected = { digest, changed: this.changed, flavor: this.flavorOfOutput(loaded) };
        await verifyOutput(output.checkPath, loaded, expected, options);
      }
    } catch (error) {
      output.abandon();
      throw error;
    }
    output.commit();
    return this.result('written', '', output, digest);
  }

  /** The rules by which the output is read again: a sorted set of a server before 7.0 keeps what later ones do not. */
  private flavorOfOutput(loaded: Loaded): Flavor {
    return this.target?.usesListpacks === false ? 'redis-6.2' : loaded.session.flavor;
  }

  private result(outcome: RewriteOutcome, reason: string, output?: Output, digest = ''): RewriteResult {
    const { loaded, options, path } = this;
    const files = output?.files() ?? [];
    return {
      path,
      output: options.output ?? path,
      layout: loaded?.layout ?? 'unknown',
      outcome,
      reason,
      ok: outcome !== 'refused',
      format: this.format,
      target: this.target?.name ?? '',
      selection: this.selection,
      before: {
        bytes: (loaded?.files ?? []).reduce((sum, file) => sum + file.bytes, 0),
        files: (loaded?.files ?? []).map((file) => file.path),
      },
      after: { bytes: files.reduce((sum, file) => sum + file.bytes, 0), files: files.map((file) => file.path) },
      commands: {
        read: (loaded?.files ?? []).reduce((sum, file) => sum + file.commands, 0),
        refused: loaded?.session.errorCount ?? 0,
        firstRefused: loaded?.session.errors.slice(0, 20) ?? [],
        opaque: loaded?.opaque.length ?? 0,
        firstOpaque: loaded?.opaque.slice(0, 20) ?? [],
      },
      databases: loaded === undefined ? [] : takeCensus(loaded.dataset),
      filtered: this.filtered,
      losses: this.losses,
      lossCount: this.lossCount,
      digest,
      verified: options.verify === true && outcome === 'written',
      findings: this.findings.findings,
    };
  }
}

function filesOf(layout: Layout): string[] {
  if (layout.kind === 'file') return [layout.path];
  const directory = layout.directory;
  return nodeFs.readdirSync(directory).map((name) => nodePath.join(directory, name));
}

function refuseExisting(path: string, allowed: boolean): void {
  if (!allowed && nodeFs.existsSync(path)) throw new UsageError(`${path} exists already: say --force to replace it`);
}

function isEmptyFolder(path: string): boolean {
  return (
    nodeFs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && nodeFs.readdirSync(path).length === 0
  );
}
