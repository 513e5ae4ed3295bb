import { detectLayout } from '../../aof/layout.ts';
import { FindingList } from '../../aof/report.ts';
import { flavorOf } from '../../dataset/flavor-choice.ts';
import { type DatabaseStatistics, takeStatistics } from '../../dataset/key-statistics.ts';
import { type Loaded, type LoadOptions, loadDataset } from '../../dataset/load.ts';
import { LastMatch } from '../../dataset/point/point-gate.ts';
import type { LogSelection } from '../../dataset/point/point-in-time.ts';
import { endsOf, type PointInTime } from '../../dataset/point/point-in-time.ts';
import { inspectionOf, resolvePoint } from '../../dataset/point/resolve.ts';
import { UsageError } from '../../errors.ts';
import type { Finding } from '../../findings.ts';
import type { RewriteOptions, RewriteResult } from './options.ts';
import { type DatabaseDifference, differenceOf } from './restore-difference.ts';
import { rewrite } from './rewrite.ts';

export interface RestoreOptions extends Omit<RewriteOptions, 'inPlace' | 'keepHistory' | 'onlyIfGrown' | 'output'> {
  /** Which commands count. */
  readonly point: PointInTime;
  /** Where the result goes; not needed for a dry run. */
  readonly output?: string;
  /** Writes nothing. */
  readonly dryRun?: boolean;
  /** Called before anything is written; false: nothing is. */
  readonly onPreview?: (preview: RestorePreview) => Promise<boolean>;
}

/** What the dataset will hold, and how that differs from the end of the log. */
export interface RestorePreview {
  readonly path: string;
  readonly selection: LogSelection;
  readonly databases: readonly DatabaseStatistics[];
  /** Undefined where the end of the log cannot be loaded: `endFindings` say why. */
  readonly difference: readonly DatabaseDifference[] | undefined;
  readonly endFindings: readonly Finding[];
}

export interface RestoreResult {
  /** `reviewed` for a dry run. */
  readonly rewrite: RewriteResult;
  readonly preview: RestorePreview | undefined;
  readonly ok: boolean;
}

/**
 * Writes the dataset as if some commands of its log had never been. The source is only read. The log is loaded twice, up to its end and
 * up to the point, and both datasets are held to be compared. Throws UnreadableError, UnwritableError, UsageError.
 */
export async function restore(path: string, options: RestoreOptions): Promise<RestoreResult> {
  const { point, dryRun, output, onPreview, ...rest } = options;
  if (endsOf(point).length === 0 && (point.without?.length ?? 0) === 0)
    throw new UsageError('say to which point: a timestamp, an offset, a command, or what to leave out');
  if (path === '-') throw new UsageError('standard input can be read only once: put it into a file');
  if (output === undefined && dryRun !== true)
    throw new UsageError('say where the result goes, or that it is a dry run');
  const gate = new LastMatch(point.beforeLast?.pattern, true);
  const end = await loadEnd(path, options, gate);
  let preview: RestorePreview | undefined;
  try {
    const settled = resolvePoint(point, inspectionOf(gate, end));
    const review = async (loaded: Loaded, found: LogSelection): Promise<boolean> => {
      const selection = point.beforeLast?.minus === 0 ? { ...found, cut: gate.found } : found;
      const endFindings = end.findings.findings;
      const difference = end.findings.errors > 0 ? undefined : differenceOf(loaded, end, options.at);
      preview = { path, selection, databases: takeStatistics(loaded.dataset), difference, endFindings };
      return ((await onPreview?.(preview)) ?? true) && dryRun !== true;
    };
    // What cannot be settled is left as it is: the rewrite says why.
    const meant = typeof settled === 'string' ? point : settled;
    const result = await rewrite(path, { ...rest, output: output ?? dryRunOutput, point: meant, review });
    return { rewrite: result, preview, ok: result.ok };
  } finally {
    end.close();
  }
}

/** A name that nothing is written to. */
const dryRunOutput = '(dry run)';

/** The dataset at the end of the log; what is wrong there does not matter to a point before it. */
function loadEnd(path: string, options: RestoreOptions, gate: LastMatch): Promise<Loaded> {
  const { at, seed, pause, onProgress } = options;
  const load: LoadOptions = { flavor: flavorOf(detectLayout(path)), at, seed, pause, onProgress, expired: 'keep' };
  return loadDataset(path, { ...load, opaque: 'drop', findings: new FindingList(), gate });
}
