import type { RdbReader } from '../rdb/reader.ts';

/** Why an RDB is refused, in the words of the server's loader (rdb.c of Redis 8.6). */
export interface Reason {
  readonly text: string;
  /** Whether the loader itself reports it, which ends the tool at once. */
  readonly internal: boolean;
  /** A line that goes to the log before the report. */
  readonly log?: string;
}

export const internal = (text: string): Reason => ({ text, internal: true });
const plain = (text: string): Reason => ({ text, internal: false });

export const unexpectedEnd = plain('Unexpected EOF reading RDB file');

/** What is said of an encoded value that does not hold together, by value type. */
const integrity: Record<number, string> = {
  9: 'Zipmap integrity check failed.',
  10: 'List ziplist integrity check failed.',
  11: 'Intset integrity check failed.',
  12: 'Zset ziplist integrity check failed.',
  13: 'Hash ziplist integrity check failed.',
  14: 'Ziplist integrity check failed.',
  15: 'Stream listpack integrity check failed.',
  16: 'Hash listpack integrity check failed.',
  17: 'Zset listpack integrity check failed.',
  18: 'Listpack integrity check failed.',
  19: 'Stream listpack integrity check failed.',
  20: 'Set listpack integrity check failed.',
  21: 'Stream listpack integrity check failed.',
  23: 'Hash listpack integrity check failed.',
  25: 'Hash listpack integrity check failed.',
  26: 'Stream listpack integrity check failed.',
  27: 'Stream listpack integrity check failed.',
  29: 'Hash listpack integrity check failed.',
  30: 'Hash listpack integrity check failed.',
};

/** What is said of a member that stands twice, by value type. */
const duplicates: Record<number, string> = {
  2: 'Duplicate set members detected',
  3: 'Duplicate zset fields detected',
  4: 'Duplicate hash fields detected',
  5: 'Duplicate zset fields detected',
  15: 'Listpack re-added with existing key',
  19: 'Listpack re-added with existing key',
  21: 'Listpack re-added with existing key',
  22: 'Duplicate hash fields detected',
  24: 'Duplicate hash fields detected',
  26: 'Listpack re-added with existing key',
  27: 'Listpack re-added with existing key',
};

/** Reasons that need no more than the code. */
const byCode: Record<string, string> = {
  'rdb.lzf.invalid': 'Invalid LZF compressed string',
  'quicklist.container': 'Quicklist integrity check failed.',
  'rdb.module.pre-release': 'Pre-release module format not supported',
  'zset.score.nan': 'Zset with NAN score detected',
  'hash.expiry.earliest': 'Hash read invalid minExpire value',
  'intset.empty': 'Intset integrity check failed.',
  'stream.length': 'Stream length inconsistent with rax entries',
  'stream.node.id': 'Stream node key entry is not the size of a stream ID',
  'stream.node.empty': 'Empty listpack inside stream',
  'stream.group.duplicate': 'Duplicated consumer group name',
  'stream.consumer.duplicate': 'Duplicate stream consumer detected.',
  'stream.pending.duplicate': 'Duplicated global PEL entry loading stream consumer group',
  'stream.pending.missing': 'Consumer entry not found in group global PEL',
  'stream.pending.owner': 'Duplicated consumer PEL entry  loading a stream consumer group',
  'stream.pending.unowned': 'Stream CG PEL entry without consumer',
};

/** The reason for a finding's code; `found` is what stood there instead. */
export function reasonOf(code: string, found: string, reader: RdbReader): Reason {
  const { version, type } = reader;
  if (code === 'rdb.truncated' || code === 'rdb.string.length' || code === 'rdb.value.empty') return unexpectedEnd;
  if (code === 'rdb.signature' || code === 'rdb.signature.unknown')
    return plain('Wrong signature trying to load DB from file');
  if (code.startsWith('rdb.version')) return plain(`Can't handle RDB format version ${found}`);
  if (code.startsWith('rdb.opcode') || code.startsWith('rdb.type')) return plain(`Invalid object type: ${found}`);
  if (code === 'rdb.function.pre-release') return plain(`Pre-release function format not supported ${version}`);
  if (code === 'rdb.module.when') return plain('bad when_opcode');
  if (code === 'hash.expiry.range') return internal(`invalid expireAt time: ${found}`);
  if (code === 'stream.group.duplicate') return internal(`Duplicated consumer group name ${unquoted(found)}`);
  if (code === 'rdb.value.duplicate') return internal(duplicates[type] ?? 'Duplicate members detected');
  const known = byCode[code];
  if (known !== undefined) return internal(known);
  if (integrity[type] !== undefined && /^(ziplist|listpack|intset|zipmap|stream|score|double)\./.test(code)) {
    return internal(integrity[type]);
  }
  return internal(`${code}: found ${found}`);
}

/** A name in the form of JSON, as findings hold it. */
function unquoted(found: string): string {
  try {
    return String(JSON.parse(found));
  } catch {
    return found;
  }
}
