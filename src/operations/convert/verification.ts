import type { Target } from '../../rdb/targets.ts';
import type { CommandGate } from '../dataset/command-gate.ts';
import type { Loaded } from '../dataset/load.ts';
import { FindingList } from '../report.ts';
import { rulesOfOutput, type Verified, verifyOutput } from '../rewrite/verification.ts';
import type { LossLedger } from './loss-ledger.ts';
import type { ConvertOptions } from './options.ts';
import { loadInput } from './replay.ts';

export interface ConversionCheck {
  /** Where the input is, and what it was replayed to, if it was. */
  readonly path: string;
  readonly loaded: Loaded | undefined;
  readonly output: string;
  readonly ledger: LossLedger;
  readonly target: Target;
  /** Where the commands of the output end that can be compared. */
  readonly gate?: CommandGate;
}

/**
 * Reads the output of a conversion again and compares it with the input, both by the rules by which the conversion has replayed, or would
 * have. Throws VerificationError: then nothing was replaced.
 */
export async function verifyConversion(check: ConversionCheck, options: ConvertOptions): Promise<Verified> {
  const { path, output, ledger, target, gate } = check;
  const loaded = check.loaded ?? (await loadInput(path, new FindingList(), { ...options, opaque: 'keep' })).loaded;
  try {
    const { changed, losesFunctions } = ledger;
    const expected = { digest: undefined, changed, losesFunctions, gate, ...rulesOfOutput(loaded, target) };
    return await verifyOutput(output, loaded, expected, options);
  } finally {
    if (check.loaded === undefined) loaded.close();
  }
}
