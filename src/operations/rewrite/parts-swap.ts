import nodePath from 'node:path';
import { formatManifest, type ManifestPart } from '../../aof/manifest.ts';
import nodeFs from '../../bytes/file-system.ts';
import { AtomicFile, type FileSystem } from '../../bytes/sink.ts';
import { UnwritableError } from '../../errors.ts';

/** What a manifest names once parts have changed places. */
export interface PartsChange {
  /** Base and increments, in the order of loading. */
  readonly current: readonly ManifestPart[];
  /** History that stays. */
  readonly history: readonly ManifestPart[];
  /** Parts that go: history until their files are removed. */
  readonly retired: readonly ManifestPart[];
}

const asHistory = (part: ManifestPart): ManifestPart => ({ ...part, type: 'h' });

/**
 * New parts of a multi-part AOF beside the old ones, in the same folder, as a server's rewrite does it. One rename makes the new set
 * the current one, so that whoever is killed leaves the old set or the new one:
 *
 *     1  the new parts get their names, which no manifest has yet: a server ignores them
 *     2  the manifest that names them takes the old one's place; what they replace is history in it
 *     3  the history goes
 *     4  the manifest without it takes its place
 */
export class PartsSwap {
  readonly manifest: AtomicFile;
  private readonly change: PartsChange;
  private readonly files: readonly AtomicFile[];
  private readonly fs: FileSystem;

  /** `files`: the new parts, written under their temporary names. Throws UnwritableError. */
  constructor(manifestPath: string, change: PartsChange, files: readonly AtomicFile[], fs: FileSystem = nodeFs) {
    this.fs = fs;
    this.change = change;
    this.files = files;
    this.manifest = new AtomicFile(manifestPath, fs);
  }

  /**
   * Everything is flushed, and the new parts have their names; `manifest.temporaryPath` can be loaded. Throws UnwritableError:
   * then `abandon` it.
   */
  finish(): void {
    const { current, history, retired } = this.change;
    try {
      this.write(this.manifest, [...current, ...history, ...retired]);
      this.manifest.finish();
      for (const file of this.files) file.commit();
    } catch (error) {
      // A part that has its name is not yet the data.
      throw new UnwritableError(this.manifest.path, error);
    }
  }

  /** From the swap on the new parts are the data: a later error leaves them, and the history, where they are. */
  commit(): void {
    this.replaceManifest();
    const { current, history, retired } = this.change;
    if (retired.length === 0) return;
    const { path } = this.manifest;
    try {
      for (const { name } of retired) this.fs.rmSync(nodePath.join(nodePath.dirname(path), name), { force: true });
      const manifest = new AtomicFile(path, this.fs);
      this.write(manifest, [...current, ...history]);
      manifest.commit();
    } catch (error) {
      const where = 'the new parts are in place, and the manifest may still name the old as history';
      throw new UnwritableError(nodePath.dirname(path), error, where);
    }
  }

  private replaceManifest(): void {
    try {
      this.manifest.commit();
    } catch (error) {
      if (!this.manifest.hasName) this.abandon();
      throw error;
    }
  }

  /** Before `commit`: the new parts go. Never throws. */
  abandon(): void {
    this.manifest.abandon();
    for (const file of this.files) {
      file.abandon();
      try {
        this.fs.rmSync(file.path, { force: true });
      } catch {
        // No manifest names it.
      }
    }
  }

  private write(manifest: AtomicFile, parts: readonly ManifestPart[]): void {
    manifest.write(Buffer.from(formatManifest(parts), 'latin1'));
  }
}

/** A part as the manifest names it once it has been replaced. */
export const retire = (parts: readonly ManifestPart[]): ManifestPart[] => parts.map(asHistory);
