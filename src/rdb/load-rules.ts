/**
 * What servers refuse while they load an RDB or a payload of RESTORE, by the codes that a value's check notes (value-check.ts). The
 * one table that check's advice, boot, digest, rewrite, convert, restore and repair go by. Redis 6.0, 7.0, 8.0, 8.6, Valkey 8.1 and
 * 9.1 were asked about thousands of generated files (test/load-rules); for the releases between them, and after them, the sources say.
 */
import type { Target } from '../servers/targets.ts';
import { TypeId, valkeyHashType } from '../servers/value-type-id.ts';

/** Releases as numbers, 802 for 8.2: from the first to the last. */
type Range = readonly [first: number, last: number];

interface Releases {
  readonly redis?: Range;
  readonly valkey?: Range;
}

/** When a flaw ends the loading of which releases. */
interface LoadRule {
  /** Whatever is set, and whatever the checksum says. */
  readonly always?: Releases;
  /** If the value is larger than its compact form: a table is built from it, and each element looked at. */
  readonly rebuilt?: Releases;
  /** If values are looked into: with `sanitize-dump-payload yes`; Valkey 9.1 does it always. */
  readonly deep?: Releases;
  /** They look at nothing and go on with memory beyond the value: they may crash or load something else. */
  readonly unsure?: Releases;
}

export type LoadOutcome = 'loads' | 'refuses' | 'unsure';

const last = Number.POSITIVE_INFINITY;
const every: Releases = { redis: [0, last], valkey: [0, last] };
/** Valkey began as Redis 7.2. */
const since = (redis: number): Releases => ({ redis: [redis, last], valkey: [0, last] });
const before = (redis: number): Releases => ({ redis: [0, redis - 1] });

/** 6.2 brought `sanitize-dump-payload`, and the checks of headers that are always made; 7.0 reads each ziplist, to convert it. */
const bySanitizing = since(602);
const header: LoadRule = { always: bySanitizing };
const element: LoadRule = { rebuilt: every, deep: bySanitizing };
const always: LoadRule = { always: every };
/** Read where 8.0 did not yet look, and 8.6 does: of 8.2 and 8.4 it is not known. */
const since86: LoadRule = { always: { redis: [806, last] }, unsure: { redis: [802, 804] } };

const duplicateMember: LoadRule = { always: bySanitizing };
const duplicateField: LoadRule = element;

/** By code, or `code@type` for a canonical value type; a code that is not here takes the rule of its longest prefix, else `always`. */
const rules: Readonly<Record<string, LoadRule>> = {
  'rdb.lzf': { always: bySanitizing, unsure: before(602) },
  'rdb.lzf.nothing': { always: before(602) },
  'rdb.value.empty': {},
  'rdb.value.large': {},
  [`rdb.value.duplicate@${TypeId.set}`]: duplicateMember,
  [`rdb.value.duplicate@${TypeId.sortedSetText}`]: duplicateMember,
  [`rdb.value.duplicate@${TypeId.sortedSet}`]: duplicateMember,
  [`rdb.value.duplicate@${TypeId.hash}`]: duplicateField,
  [`rdb.value.duplicate@${TypeId.hashExpiryPreRelease}`]: duplicateField,
  [`rdb.value.duplicate@${TypeId.hashExpiry}`]: duplicateField,
  [`rdb.value.duplicate@${valkeyHashType}`]: always,
  'rdb.module.vector-set.dimension': since86,

  'hash.expiry.earliest': {},

  'zset.score.nan': always,
  'zset.score.text': { always: bySanitizing },
  // The C library decides: those that 6.0 and 7.0 were built with here take the number in front.
  'zset.score.exponent': { always: since(702) },
  'zset.score.compact': { rebuilt: since(700), deep: { valkey: [901, last] } },

  listpack: element,
  'listpack.size': header,
  'listpack.header.bytes': header,
  'listpack.terminator': header,
  'listpack.terminator.early': element,
  'listpack.header.count': { deep: bySanitizing },
  'listpack.expiry': { deep: bySanitizing },
  'listpack.expiry.first': always,
  'listpack.expiry.negative': since86,
  'listpack.template': always,

  ziplist: { always: since(700), deep: bySanitizing },
  [`ziplist@${TypeId.listZiplist}`]: { always: since(700), deep: bySanitizing, unsure: before(700) },
  [`ziplist.terminator@${TypeId.listZiplist}`]: { always: bySanitizing, unsure: before(602) },
  'ziplist.size': { always: bySanitizing, unsure: before(602) },
  'ziplist.header.bytes': { always: bySanitizing },
  'ziplist.terminator': { always: bySanitizing },
  'ziplist.terminator.early': { always: since(700), deep: bySanitizing },

  zipmap: { always: bySanitizing },
  'zipmap.size': { always: bySanitizing, unsure: before(602) },
  'zipmap.terminator': { always: bySanitizing, unsure: before(602) },
  'zipmap.length': { always: bySanitizing, unsure: before(602) },

  intset: header,
  'intset.size': { always: bySanitizing, unsure: before(602) },
  'intset.order': { deep: bySanitizing },
  'intset.duplicate': always,

  // Release candidates keep such a key; whether the release does was not seen.
  'path-hash.empty': {},

  'stream.length': { always: bySanitizing },
  'stream.consumer.duplicate': { always: bySanitizing },
  'stream.pending.unowned': { deep: bySanitizing },
  'stream.pending.shared': {
    always: { redis: [800, 800], valkey: [0, last] },
    unsure: { redis: [702, 704] },
  },
  'stream.node': { deep: bySanitizing },
  'stream.node.id': always,
  'stream.node.blank': always,
  'stream.node.first': { always: since(700), deep: bySanitizing, unsure: { redis: [602, 602] } },
  'stream.entry': { deep: bySanitizing },
  'stream.first': { always: since(700) },
  'stream.inconsistent': { always: { valkey: [901, last] } },
  // Redis 8.10 and later, from its source.
  'stream.count': { always: { redis: [810, last], valkey: [901, last] } },
  'stream.node.empty': { always: { redis: [810, last] } },
  'stream.added': { always: { redis: [810, last] } },
};

/** The rule for a code noted of a value of this canonical type. */
function loadRule(code: string, type: number): LoadRule {
  for (let prefix = code; prefix !== ''; prefix = prefix.slice(0, Math.max(prefix.lastIndexOf('.'), 0))) {
    const rule = rules[`${prefix}@${type}`] ?? rules[prefix];
    if (rule !== undefined) return rule;
  }
  return always;
}

/** A flaw, and what decides about it. */
export interface NotedFlaw {
  readonly code: string;
  /** The value's canonical type; -1 for what is no value. */
  readonly type: number;
  /** The value is larger than its compact form. */
  readonly rebuilt: boolean;
}

/** What a server of that release does with it. `deep`: it looks into values. */
export function loadOutcome(target: Target, { code, type, rebuilt }: NotedFlaw, deep: boolean): LoadOutcome {
  const rule = loadRule(code, type);
  if (includes(rule.always, target)) return 'refuses';
  if (rebuilt && includes(rule.rebuilt, target)) return 'refuses';
  if (deep && includes(rule.deep, target)) return 'refuses';
  return includes(rule.unsure, target) ? 'unsure' : 'loads';
}

function includes(releases: Releases | undefined, target: Target): boolean {
  const range = releases?.[target.fork];
  if (range === undefined) return false;
  const release = releaseNumber(target);
  return release >= range[0] && release <= range[1];
}

function releaseNumber({ version }: Target): number {
  const [major, minor] = version.split('.').map(Number);
  return major * 100 + minor;
}

/** Whether a release looks into every value that it loads, whatever is set. */
export function alwaysLooksDeep(target: Target): boolean {
  return target.fork === 'valkey' && releaseNumber(target) >= 901;
}
