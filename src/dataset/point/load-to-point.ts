import { UsageError } from '../../errors.ts';
import { type Loaded, type LoadOptions, loadDataset } from '../load.ts';
import { PointGate } from './point-gate.ts';
import type { PointInTime } from './point-in-time.ts';
import { inspectLog, pointRefusal, resolvePoint } from './resolve.ts';

/**
 * The dataset as it was at a point of its log. `force`: a time that the log's own do not reach is taken all the same. Throws UsageError
 * where the log has no such point.
 */
export async function loadToPoint(
  path: string,
  point: PointInTime,
  options: LoadOptions & { readonly force: boolean },
): Promise<Loaded> {
  const settled = resolvePoint(point, await inspectLog(path, point, options));
  if (typeof settled === 'string') throw new UsageError(settled);
  const gate = new PointGate(settled);
  const loaded = await loadDataset(path, { ...options, gate });
  const refusal = loaded.findings.errors > 0 ? undefined : pointRefusal(gate, loaded, options.force);
  if (refusal === undefined) return loaded;
  loaded.close();
  throw new UsageError(refusal);
}
