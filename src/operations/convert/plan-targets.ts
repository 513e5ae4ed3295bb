import { UsageError } from '../../errors.ts';
import { targets } from '../../servers/targets.ts';
import { convert } from './convert.ts';
import type { ConvertOptions, ConvertResult } from './options.ts';

/** What a conversion for one server version would come to; a sentence where the version has no such layout. */
export interface TargetPlan {
  readonly target: string;
  readonly result?: ConvertResult;
  readonly reason?: string;
}

/** Tries a conversion for every server version, oldest first, without writing anything. Throws as `convert`. */
export async function planTargets(
  paths: readonly string[],
  options: ConvertOptions,
  onPlan: (plan: TargetPlan) => void | Promise<void>,
): Promise<boolean> {
  let ok = false;
  for (const target of targets) {
    // Of the layouts that not every version has: convert would say so as of a wrong call.
    const lacks = options.to === 'multipart' ? !target.hasManifest : options.to === 'hybrid' && !target.hasPreamble;
    if (lacks) {
      await onPlan({ target: target.name, reason: `has no ${options.to} AOF` });
      continue;
    }
    const result = await convert(paths, { ...options, dryRun: true, target: target.name });
    ok ||= result.ok;
    await onPlan({ target: target.name, result });
  }
  return ok;
}

/** What a call of `--dry-run` may leave out, and any other may not. Throws UsageError. */
export function requireOutput(to: ConvertOptions['to'] | undefined, output: string | undefined, isDry: boolean) {
  if (!isDry && to === undefined) throw new UsageError('say what to convert to: --to');
  if (!isDry && output === undefined) throw new UsageError('say where the result goes: --output');
  return { to: to ?? ('rdb' as const), output: output ?? '' };
}
