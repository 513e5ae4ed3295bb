/** A server generation whose loading and digest rules apply. */
export type Flavor =
  | 'redis-6.2'
  | 'redis-7.0'
  | 'redis-7.2'
  | 'redis-7.4'
  | 'redis-8'
  | 'valkey-8'
  | 'valkey-9'
  | 'valkey-9.2';

/** Every flavor, oldest first, Redis before Valkey. */
export const flavors: readonly Flavor[] = [
  'redis-6.2',
  'redis-7.0',
  'redis-7.2',
  'redis-7.4',
  'redis-8',
  'valkey-8',
  'valkey-9',
  'valkey-9.2',
];

/** What differs between server generations, each as seen on real servers. */
export interface FlavorRules {
  readonly flavor: Flavor;
  readonly fork: 'redis' | 'valkey';
  /** How DEBUG DIGEST writes a score: printf's `%.17g` up to 7.0, Grisu2 digits from 7.2 on. */
  readonly scoreText: 'printf' | 'grisu';
  /** Redis 7.4 and later mark a hash field that has a TTL in the digest; Valkey never does. */
  readonly digestFieldExpiry: boolean;
  /**
   * While it loads, Redis keeps a hash field whose time is past, but commands that look a field up (HINCRBY, HSETNX, FNX,
   * HPERSIST …) find none; when loading is over the field goes. To Valkey it is there until then.
   */
  readonly ignoresPastFields: boolean;
  /** Valkey's iterators hide a field that is past its time, so its digest leaves the field out. */
  readonly hidesPastFields: boolean;
  /** Score bounds and SORT's weights: strtod at first; Redis 8 and Valkey 9 take no white space and no hexadecimal. */
  readonly strictFloats: boolean;
  /** Up to 6.2 a small sorted set, a ziplist, keeps the sign of a score of -0; the listpack of 7.0 does not. */
  readonly keepsNegativeZero: boolean;
  /** LSET's index is cut to 32 bits from 7.2 on: 2^32 is the head. */
  readonly shortListIndex: boolean;
  /** A score bound of nothing, or of a parenthesis alone, is 0; Valkey 9.2 takes it for an error (its pull request 4054). */
  readonly emptyBoundIsZero: boolean;
}

const table: Record<Flavor, FlavorRules> = {
  'redis-6.2': redis('redis-6.2', 'printf', false),
  'redis-7.0': redis('redis-7.0', 'printf', false),
  'redis-7.2': redis('redis-7.2', 'grisu', false),
  'redis-7.4': redis('redis-7.4', 'grisu', true),
  'redis-8': redis('redis-8', 'grisu', true),
  'valkey-8': valkey('valkey-8', false),
  'valkey-9': valkey('valkey-9', true),
  'valkey-9.2': valkey('valkey-9.2', true),
};

function redis(flavor: Flavor, scoreText: 'printf' | 'grisu', digestFieldExpiry: boolean): FlavorRules {
  return {
    flavor,
    fork: 'redis',
    scoreText,
    digestFieldExpiry,
    ignoresPastFields: true,
    hidesPastFields: false,
    strictFloats: flavor === 'redis-8',
    keepsNegativeZero: flavor === 'redis-6.2',
    shortListIndex: scoreText === 'grisu',
    emptyBoundIsZero: true,
  };
}

function valkey(flavor: Flavor, hidesPastFields: boolean): FlavorRules {
  return {
    flavor,
    fork: 'valkey',
    scoreText: 'grisu',
    digestFieldExpiry: false,
    ignoresPastFields: false,
    hidesPastFields,
    strictFloats: hidesPastFields,
    keepsNegativeZero: false,
    shortListIndex: true,
    emptyBoundIsZero: flavor !== 'valkey-9.2',
  };
}

/** The rules of `flavor`. */
export function flavorRules(flavor: Flavor): FlavorRules {
  return table[flavor];
}
