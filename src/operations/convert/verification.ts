import fs from 'node:fs';
import nodePath from 'node:path';
import { loadOrder, parseManifest } from '../../aof/manifest.ts';
import { FindingList } from '../../aof/report.ts';
import { SeamGate } from '../../dataset/copied-tail.ts';
import type { Loaded } from '../../dataset/load.ts';
import { readSmallFile } from '../../io/small-file.ts';
import { rulesOfOutput, type Verified, verifyOutput } from '../../output/rewrite-verification.ts';
import type { Target } from '../../servers/targets.ts';
import type { CountedLosses } from './counted-losses.ts';
import type { ConvertOptions } from './options.ts';
import { loadInput } from './replay.ts';

export interface ConversionCheck {
  /** Where the input is, and what it was replayed to, if it was. */
  readonly path: string;
  readonly loaded: Loaded | undefined;
  readonly output: string;
  readonly ledger: CountedLosses;
  readonly target: Target;
  /** How many bytes at the end of the output were copied from behind a command of unknown effect: only what stands before is compared. */
  readonly tailLength: number;
}

/**
 * Reads the output of a conversion again and compares it with the input, both by the rules by which the conversion has replayed, or would
 * have. Throws VerificationError: then nothing was replaced.
 */
export async function verifyConversion(check: ConversionCheck, options: ConvertOptions): Promise<Verified> {
  const { path, output, ledger, target, tailLength } = check;
  const gate = tailLength > 0 ? gateOfOutput(output, tailLength) : undefined;
  const loaded = check.loaded ?? (await loadInput(path, new FindingList(), { ...options, opaque: 'drop' })).loaded;
  try {
    const { changed, losesFunctions } = ledger;
    const expected = { digest: undefined, changed, losesFunctions, gate, ...rulesOfOutput(loaded, target) };
    return await verifyOutput(output, loaded, expected, options);
  } finally {
    if (check.loaded === undefined) loaded.close();
  }
}

/** Ends a reading of the output where what was copied begins: in the file itself, or in the last part of a folder. */
function gateOfOutput(output: string, tailLength: number): SeamGate {
  const file = fs.statSync(output).isDirectory() ? lastPart(output) : output;
  return SeamGate.upTo(nodePath.basename(file), fs.statSync(file).size - tailLength);
}

function lastPart(folder: string): string {
  const manifest = fs.readdirSync(folder).find((name) => name.endsWith('.manifest')) ?? '';
  const last = loadOrder(parseManifest(readSmallFile(nodePath.join(folder, manifest)))).at(-1);
  return nodePath.join(folder, last?.name ?? '');
}
