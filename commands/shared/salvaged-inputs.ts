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

  /** Removes what was saved. */
  remove(): void {
    process.off('exit', this.onExit);
    if (this.folder !== undefined) fs.rmSync(this.folder, { recursive: true, force: true });
    this.folder = undefined;
  }
}
