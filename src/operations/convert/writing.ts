import type { Sources } from '../../dataset/sources.ts';
import type { Destination } from '../../output/destination.ts';
import { copyBytes, type LogSegment, selectFirst } from '../../output/log-copy.ts';
import { auxField, replicationFields } from '../../rdb/writer/aux-fields.ts';
import type { RdbHeader } from '../../rdb/writer/rdb-writer.ts';
import type { BacklenThreshold, Target } from '../../servers/targets.ts';
import type { CountedLosses } from './counted-losses.ts';
import type { InspectedInput } from './inspect.ts';
import type { CommandCopying, SpanCopying } from './key-receiver.ts';
import { changesKeys } from './key-router.ts';
import type { KeySink } from './key-sink.ts';
import type { ConvertOptions } from './options.ts';
import { logSegments, type MainForm } from './plan.ts';

/** Types that a fast lane passes over (kernels/assembly/rdb-lane.ts). */
const laneTypes = [0, 2, 4, 5, 10, 11, 12, 13, 14, 16, 17, 18, 20];

/**
 * Whether keys that the fast lane passes may be copied to the target as they stand: it must read all that could be among them.
 * Where listpacks of the two have borders at different lengths the lane must look into them: it leaves long elements alone.
 */
export function spanCopying(inputs: readonly InspectedInput[], target: Target): SpanCopying {
  if (!target.hasUsage || laneTypes.some((type) => !target.reads.has(type))) return 'none';
  const isAlike = inputs.every(({ parts }) => {
    const rdb = parts[0]?.report.rdb;
    return rdb === undefined || thresholdOf(rdb.version) === target.backlenThreshold;
  });
  return isAlike ? 'unseen' : 'looked-into';
}

/** Which keys may become commands without being decoded: scores are printed as 7.2 and later print them. */
export function commandCopying(form: MainForm, target: Target, { onExisting }: ConvertOptions): CommandCopying {
  if (form !== 'resp' || onExisting !== undefined) return 'none';
  return target.scoreText === 'grisu' ? 'all' : 'unscored';
}

/** Which width the writers of an RDB version give to a listpack's elements at the border between two widths. */
function thresholdOf(rdbVersion: number): BacklenThreshold {
  return rdbVersion >= 14 ? 'inclusive' : 'exclusive';
}

/**
 * A sink for keys in the output's form, its header written. What the other form needs is not loaded. `keepsNegativeZero`: by the rules
 * of an input, small sorted sets keep the sign of a score of -0.
 */
export async function openSink(
  destination: Destination,
  form: MainForm,
  target: Target,
  header: RdbHeader,
  ledger: CountedLosses,
  options: ConvertOptions,
  keepsNegativeZero: boolean,
): Promise<KeySink> {
  const onLoss = ledger.add.bind(ledger);
  if (form !== 'rdb') {
    const { RespKeySink } = await import('./resp-sink.ts');
    return new RespKeySink(destination.main, target, onLoss, options.onExisting);
  }
  const { RdbKeySink } = await import('./rdb-sink.ts');
  const { compress, to } = options;
  const checksum = options.checksum !== false && (destination.sum ?? true);
  const commandsFollow = to !== 'rdb';
  const writerOptions = { target, onLoss, compress, checksum, commandsFollow, keepsNegativeZero };
  const sink = new RdbKeySink(destination.main, writerOptions);
  sink.writer.writeHeader(header);
  return sink;
}

/** What the aux fields of the output say: the moment and the memory are those of the input's RDB. */
export function headerOf(inputs: readonly InspectedInput[], target: Target, options: ConvertOptions): RdbHeader {
  const aux = inputs[0].parts[0]?.report.rdb?.aux ?? {};
  const ctime = Number(aux.ctime ?? Math.floor(options.at / 1000));
  const more = goesOn(inputs, target, options) ? replicationFields.map((name) => [name, aux[name]] as const) : [];
  const known = more.filter(([, value]) => value !== undefined);
  return { ctime, usedMemory: Number(aux['used-mem'] ?? 0), isBase: options.to !== 'rdb', more: known };
}

/**
 * Whether replicas may go on from the output as from the input: only where it certainly holds the same, since nobody would notice
 * that they differ from then on.
 */
export function goesOn(inputs: readonly InspectedInput[], target: Target, options: ConvertOptions): boolean {
  if (options.to !== 'rdb' || inputs.length > 1 || inputs[0].hasCommands) return false;
  return options.allowLoss !== true && !changesKeys(options) && auxField('repl-id').reads(target);
}

/** Copies the commands of an input behind the keys, or to the increments. */
export async function copyLogs(
  input: InspectedInput,
  sources: Sources,
  destination: Destination,
  form: MainForm,
  pause: () => Promise<void>,
): Promise<void> {
  const { main, increments } = destination;
  const isFolder = input.layout === 'multi-part';
  // After an RDB a loader stands in database 0, as at the start of a part.
  let stands = form !== 'resp';
  for (const [index, segment] of logSegments(input).entries()) {
    const increment = increments[isFolder ? index - 1 : 0];
    if (increment !== undefined) await copyBytes(sources, segment, increment, pause);
    else {
      if (!stands) selectFirst(sources, segment, main);
      if (segment.to > segment.from) stands = false;
      await copyBytes(sources, segment, main, pause);
    }
  }
}

/** The RDB at the front of an input, byte for byte. */
export function rdbSegment(input: InspectedInput): LogSegment {
  const { source, rdbBytes } = input.parts[0];
  return { source, from: 0, to: rdbBytes };
}
