import { integerArgument, isWord } from '../../resp/arguments.ts';
import type { CommandView } from '../../resp/command-view.ts';
import { ExpireOption, moment } from '../expiry.ts';
import * as replies from '../replies.ts';
import type { Session } from '../session.ts';
import type { CommandSpec, Handler } from './family.ts';

interface RestoreOptions {
  readonly replaces: boolean;
  readonly isAbsolute: boolean;
}

/** REPLACE, ABSTTL, IDLETIME and FREQ; the last two only matter to eviction. A string is the error reply. */
function parseOptions(frame: CommandView): RestoreOptions | string {
  let replaces = false;
  let isAbsolute = false;
  let recency = '';
  for (let index = 4; index < frame.argc; index++) {
    if (isWord(frame, index, 'REPLACE')) replaces = true;
    else if (isWord(frame, index, 'ABSTTL')) isAbsolute = true;
    else if (index + 1 < frame.argc && recency !== 'freq' && isWord(frame, index, 'IDLETIME')) {
      recency = 'idle';
      const seconds = integerArgument(frame, ++index);
      if (Number.isNaN(seconds)) return replies.notInteger;
      if (seconds < 0) return 'ERR Invalid IDLETIME value, must be >= 0';
    } else if (index + 1 < frame.argc && recency !== 'idle' && isWord(frame, index, 'FREQ')) {
      recency = 'freq';
      const frequency = integerArgument(frame, ++index);
      if (Number.isNaN(frequency)) return replies.notInteger;
      if (frequency < 0 || frequency > 255) return 'ERR Invalid FREQ value, must be >= 0 and <= 255';
    } else return replies.syntaxError;
  }
  return { replaces, isAbsolute };
}

/** RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency] */
const restore: Handler = (session, frame) => {
  const options = parseOptions(frame);
  if (typeof options === 'string') return options;
  if (!options.replaces && session.find(frame, 1) >= 0) return replies.busyKey;
  const ttl = integerArgument(frame, 2);
  if (Number.isNaN(ttl)) return replies.notInteger;
  if (ttl < 0) return 'ERR Invalid TTL value, must be >= 0';
  const option = options.isAbsolute ? ExpireOption.MillisecondsAt : ExpireOption.Milliseconds;
  return restorePayload(session, frame, 3, ttl === 0 ? Number.NaN : moment(session, option, ttl));
};

/** Stores what argument `index` holds under the key of the command's first argument. */
export function restorePayload(
  session: Session,
  frame: CommandView,
  index: number,
  expiry: number,
): string | undefined {
  const codec = session.codec;
  if (codec === undefined) throw new Error('RESTORE needs a codec');
  const start = frame.starts[index];
  const bytes = frame.bytes.subarray(start, start + frame.lengths[index]);
  const payload = codec.restorePayload(bytes, frame);
  if (typeof payload === 'string') return payload;
  const { rdbType, from, to } = payload;
  // Without a file to read it from again the value has to be decoded now.
  const value = frame.source >= 0 ? undefined : session.decode(codec, rdbType, Buffer.from(bytes), from, to);
  const entry = session.findOrInsert(frame, 1);
  if (value !== undefined) session.store(entry, value);
  else session.keys.setSerialized(entry, frame.source, frame.base + start + from, to - from, rdbType);
  session.keys.setExpiry(entry, expiry);
  return undefined;
}

/** RESTORE under its two names. */
export const restoreCommands: Record<string, CommandSpec> = {
  RESTORE: { arity: -4, keys: [1, 1, 1], handler: restore },
  'RESTORE-ASKING': { arity: -4, keys: [1, 1, 1], handler: restore },
};
