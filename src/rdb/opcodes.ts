import type { RdbFormat } from '../servers/value-type-id.ts';
import { redisBitmapVersion, valkeyPathHashVersion } from '../servers/value-type-id.ts';

/**
 * Opcodes of an RDB file: bytes that stand where a value type could. Every value type is below `lowest`.
 * The forks gave 242 and 243 different meanings: the file's magic decides (rdb.h of Redis 8.10 and of Valkey 9.1; docs/formats/rdb.md, section 5).
 */
export const Opcode = {
  /** Redis 16: the next key is not to be evicted (BLESS of 8.12). */
  noEvict: 241,
  /** Redis 15: a field list that several hashes share. */
  hashTemplate: 242,
  /** Valkey 81: a replicated command, in a full synchronisation that a replica has saved as its file. */
  update: 242,
  /** Redis 13: metadata that modules attach to the next key. */
  keyMeta: 243,
  /** Valkey 80: a slot that was being imported. */
  slotImport: 243,
  /** Redis 12, cluster mode: sizes of the slot whose keys follow. */
  slotInfo: 244,
  /** A function library (7.0 and later). */
  function2: 245,
  /** The same in a form that only release candidates of 7.0 wrote. */
  functionPreRelease: 246,
  moduleAux: 247,
  /** Seconds since the next key was used (LRU policies). */
  idle: 248,
  /** Use counter of the next key (LFU policies). */
  freq: 249,
  aux: 250,
  resizeDb: 251,
  expireTimeMs: 252,
  expireTime: 253,
  selectDb: 254,
  eof: 255,
} as const;

/** Module values and metadata are sequences of these, so that they can be passed over without their module. */
export const ModuleOpcode = { eof: 0, sint: 1, uint: 2, float: 3, double: 4, string: 5 } as const;

/**
 * The newest version of each fork's format that this reader knows. Whether Redis 8.12 writes 16 or 17 no release confirms yet: both
 * are read.
 */
export const versionMax = { redis: 17, valkey: 81 } as const;

/** Whether files of this fork and version may have the opcode `noEvict`. */
export function hasNoEvict({ fork, version }: RdbFormat): boolean {
  return fork === 'redis' && version >= redisBitmapVersion;
}

/** Whether files of this fork and version may have the opcode `update`. */
export function hasUpdate({ fork, version }: RdbFormat): boolean {
  return fork === 'valkey' && version >= valkeyPathHashVersion;
}

/**
 * Files of these versions and later may hold types and opcodes that this build does not know: the numbers of all versions before them
 * are known, and no release will add to them.
 */
export const openVersionMin = { redis: 16, valkey: 81 } as const;

/** Valkey's numbers start here; 12 to 79 are Redis's own and foreign to Valkey. */
export const valkeyVersionMin = 80;

/** The first version whose files end in a CRC-64. */
export const checksumVersionMin = 5;

/** Whether nine bytes are a magic and a version like those of an RDB, and an opcode follows: of a product that named its files anew. */
export function isOtherMagic(text: string, next: number): boolean {
  return /^[A-Z][A-Z_-]{2,6}\d{2,5}$/.test(text) && next >= 0xf0;
}
