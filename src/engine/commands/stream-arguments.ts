/** Arguments that several stream commands share: ids, lists of ids, trimming clauses. */
import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import type { References, TrimOptions } from '../../values/stream.ts';
import { type PartialId, parseId, parsePartialId, type StreamId } from '../../values/stream-id.ts';
import { notInteger, syntaxError } from '../replies.ts';

export const invalidId = 'ERR Invalid stream ID specified as stream command argument';

/** Argument `index` as an id, undefined where it is none. */
export function idArgument(frame: CommandView, index: number): StreamId | undefined {
  return parseId(frame.text(index));
}

/** Arguments `first` up to `end` (excluded) as ids, or the error reply. */
export function idArguments(frame: CommandView, first: number, end: number): StreamId[] | string {
  const ids: StreamId[] = [];
  for (let i = first; i < end; i++) {
    const id = idArgument(frame, i);
    if (id === undefined) return invalidId;
    ids.push(id);
  }
  return ids;
}

/** The word at `index` where it says what becomes of references (8.2). */
export function referencesWord(frame: CommandView, index: number): References | undefined {
  if (isWord(frame, index, 'KEEPREF')) return 'keep';
  if (isWord(frame, index, 'DELREF')) return 'delete';
  return isWord(frame, index, 'ACKED') ? 'acked' : undefined;
}

/** `IDS numids id ...` from `index` on: the ids and the index after them, or the error reply. */
export function idList(frame: CommandView, index: number): { ids: StreamId[]; after: number } | string {
  if (index + 1 >= frame.argc) return syntaxError;
  const count = integerArgument(frame, index + 1);
  if (!(count > 0)) return 'ERR Number of IDs must be a positive integer';
  const after = index + 2 + count;
  if (after > frame.argc) return 'ERR The `numids` parameter must match the number of arguments';
  const ids = idArguments(frame, index + 2, after);
  return typeof ids === 'string' ? ids : { ids, after };
}

/** What XADD and XTRIM have in common, and what only XADD has. */
export class AddOptions {
  createsStream = true;
  references: References | undefined;
  maxLength: number | undefined;
  minId: StreamId | undefined;
  approximate = false;
  limitGiven = false;
  /** The id of XADD: undefined for `*`. */
  id: PartialId | undefined;
  /** Where the id of XADD stands. */
  idIndex = 0;
  producer: string | undefined;
  /** The message's id at its producer; undefined to make it from the fields (IDMPAUTO). */
  iid: string | undefined;

  get trims(): boolean {
    return this.maxLength !== undefined || this.minId !== undefined;
  }

  /** A loader sets no limit to trimming, whatever LIMIT says. */
  trimOptions(): TrimOptions {
    const { maxLength, minId, approximate } = this;
    return { maxLength, minId, approximate, limit: 0, references: this.references ?? 'keep' };
  }
}

/** Parses the options from argument 2 on; for XADD up to its id. A string is the error reply. */
export function parseAddOptions(frame: CommandView, adds: boolean): AddOptions | string {
  const options = new AddOptions();
  let index = 2;
  // Nearly every XADD of a log: no options, and an id that starts with a digit, as no option does.
  const lead = frame.bytes[frame.starts[2]];
  if (adds && lead >= 0x30 && lead <= 0x39) {
    options.id = parsePartialId(frame.text(2));
    options.idIndex = 2;
    return options.id === undefined ? invalidId : options;
  }
  while (index < frame.argc) {
    const more = frame.argc - 1 - index;
    const used =
      sharedOption(frame, index, more, options) ?? (adds ? addOption(frame, index, more, options) : undefined);
    if (typeof used === 'string') return used;
    if (used === 0) break;
    if (used === undefined) return adds ? invalidId : syntaxError;
    index += used;
  }
  options.idIndex = index;
  return checkOptions(options, adds) ?? options;
}

function checkOptions(options: AddOptions, adds: boolean): string | undefined {
  if (options.limitGiven && !options.trims) {
    return 'ERR syntax error, LIMIT cannot be used without specifying a trimming strategy';
  }
  if (!adds && !options.trims) return 'ERR syntax error, XTRIM must be called with a trimming strategy';
  return undefined;
}

/** The number of arguments used, an error reply, or undefined where the word is no such option. */
function sharedOption(
  frame: CommandView,
  index: number,
  more: number,
  options: AddOptions,
): number | string | undefined {
  if (more > 0 && isWord(frame, index, 'MAXLEN')) return trimOption(frame, index, more, options, false);
  if (more > 0 && isWord(frame, index, 'MINID')) return trimOption(frame, index, more, options, true);
  if (more > 0 && isWord(frame, index, 'LIMIT')) {
    const limit = integerArgument(frame, index + 1);
    if (Number.isNaN(limit)) return notInteger;
    if (limit < 0) return 'ERR The LIMIT argument must be >= 0.';
    options.limitGiven = limit > 0;
    return 2;
  }
  const references = referencesWord(frame, index);
  if (references === undefined) return undefined;
  if (options.references !== undefined) return syntaxError;
  options.references = references;
  return 1;
}

function trimOption(
  frame: CommandView,
  index: number,
  more: number,
  options: AddOptions,
  byId: boolean,
): number | string {
  if (options.trims) return 'ERR syntax error, MAXLEN and MINID options at the same time are not compatible';
  const marked = more >= 2 && (isWord(frame, index + 1, '~') || isWord(frame, index + 1, '='));
  options.approximate = marked && isWord(frame, index + 1, '~');
  const argument = index + (marked ? 2 : 1);
  if (byId) {
    options.minId = idArgument(frame, argument);
    if (options.minId === undefined) return invalidId;
  } else {
    options.maxLength = integerArgument(frame, argument);
    if (Number.isNaN(options.maxLength)) return notInteger;
    if (options.maxLength < 0) return 'ERR The MAXLEN argument must be >= 0.';
  }
  return marked ? 3 : 2;
}

/** As `sharedOption`; 0 where the id has been reached. */
function addOption(frame: CommandView, index: number, more: number, options: AddOptions): number | string | undefined {
  if (isWord(frame, index, '*')) return 0;
  if (isWord(frame, index, 'NOMKSTREAM')) {
    options.createsStream = false;
    return 1;
  }
  const automatic = more >= 1 && isWord(frame, index, 'IDMPAUTO');
  if (automatic || (more >= 2 && isWord(frame, index, 'IDMP'))) {
    if (options.producer !== undefined) return 'ERR syntax error, IDMP/IDMPAUTO specified multiple times';
    options.producer = frame.text(index + 1);
    if (options.producer === '') return 'ERR syntax error, IDMP/IDMPAUTO requires a non-empty producer ID';
    if (automatic) return 2;
    options.iid = frame.text(index + 2);
    return options.iid === '' ? 'ERR syntax error, IDMP requires a non-empty idempotent ID' : 3;
  }
  options.id = parsePartialId(frame.text(index));
  return options.id === undefined ? undefined : 0;
}
