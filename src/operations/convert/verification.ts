import { detectLayout } from '../../aof/layout.ts';
import { UsageError } from '../../errors.ts';
import { flavorOf } from '../dataset/flavor-choice.ts';
import { type Loaded, loadDataset } from '../dataset/load.ts';
import { digestOf } from '../digest.ts';
import { VerificationError } from '../rewrite/verification.ts';
import type { ConvertOptions } from './options.ts';

/**
 * The digest of the output, which must be the input's unless something was lost, knowingly. Throws VerificationError: then
 * nothing was replaced.
 */
export async function verifyConversion(
  path: string,
  output: string,
  hasLosses: boolean,
  options: ConvertOptions,
): Promise<string> {
  if (path === '-') throw new UsageError('standard input cannot be read again to be verified');
  const flavor = flavorOf(detectLayout(path));
  const digestAt = async (where: string): Promise<string> => {
    const { at, onProgress, pause } = options;
    const loaded = await loadDataset(where, { flavor, at, onProgress, pause, expired: 'keep', opaque: 'keep' });
    try {
      refuseUnsound(loaded);
      return digestOf(loaded, flavor, at);
    } finally {
      loaded.close();
    }
  };
  const found = await digestAt(output);
  if (hasLosses) return found;
  const expected = await digestAt(path);
  if (found === expected) return found;
  throw new VerificationError(`the output has the digest ${found}, the input ${expected}`);
}

function refuseUnsound({ findings, path }: Loaded): void {
  if (findings.errors === 0) return;
  const [first] = findings.findings;
  throw new VerificationError(`${path} is not sound: ${first.code} at offset ${first.offset} of ${first.file}`);
}
