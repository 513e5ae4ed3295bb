import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Progress, RepairResult } from '../../src/index.ts';

/** What repair saves of damaged inputs, in a temporary folder that only this user may read. */
export class SalvagedInputs {
  private folder: string | undefined;
  private count = 0;
  private readonly onExit = () => this.remove();

  /**
   * The path to read for an input: itself where there is no damage, else what repair keeps of it; undefined where that is nothing. `tell` gets
   * the result of a repair. Throws UnreadableError, UnwritableError.
   */
  async path(
    input: string,
    tell: (result: RepairResult) => void,
    onProgress?: (progress: Progress) => void,
  ): Promise<{ readonly path: string | undefined; readonly ok: boolean }> {
    const { repair } = await import('../../src/operations/repair/repair.ts');
    const options = { strategy: 'salvage', seed: Math.floor(Math.random() * 2 ** 32), onProgress } as const;
    // What is sound is not copied.
    const planned = await repair(input, { ...options, dryRun: true });
    if (planned.outcome === 'sound') return { path: input, ok: true };
    this.folder ??= this.make();
    const place = path.join(this.folder, String(++this.count));
    fs.mkdirSync(place, { mode: 0o700 });
    const output = path.join(place, path.basename(path.resolve(input)));
    const result = await repair(input, { ...options, output });
    tell(result);
    return { path: result.outcome === 'repaired' && fs.existsSync(output) ? output : undefined, ok: result.ok };
  }

  private make(): string {
    process.once('exit', this.onExit);
    return fs.mkdtempSync(path.join(os.tmpdir(), 'aofkit-salvage-'));
  }

  /** Removes what was saved: files, and the parts of multi-part AOFs. The folder is this user's alone, and links are not followed. */
  remove(): void {
    process.off('exit', this.onExit);
    if (this.folder !== undefined) removeFolder(this.folder, depthMax);
    this.folder = undefined;
  }
}

/** An input's folder, the folder of a multi-part AOF in it, its parts. */
const depthMax = 3;

function removeFolder(folder: string, depth: number): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const child = path.join(folder, entry.name);
    if (!entry.isDirectory()) fs.unlinkSync(child);
    else if (depth > 0) removeFolder(child, depth - 1);
  }
  fs.rmdirSync(folder);
}
