/**
 * Which product wrote an RDB, as far as the file says it: by its aux fields, by numbers that only one product gave away, and by its
 * modules' types. All of them use Redis's magic.
 *
 *     KeyDB             aux mvcc-tstamp, keydb-subexpire-*; type 64 (CRON, read: values/cron.ts)   KeyDB 6, src/rdb.cpp
 *     Dragonfly         aux df-ver; types 30 to 40; opcodes 200 to 239                            src/server/rdb_extensions.h
 *     Redis Enterprise  opcode 107 (RAM_LRU)                                                      redis/librdb #67
 *     Redis-On-Rocks    opcodes 128 (swap version), 129 (SST) and those after them                ctripcorp/x-pipe, RdbConstant
 *     Tair              module types exhash---, exstrtype, tair-json, tairzset_, …
 */

import type { Fork } from '../servers/value-type-id.ts';
import { TypeId } from '../servers/value-type-id.ts';

/** Aux fields that KeyDB writes behind a key, a pair for each of its members that expires: the member, and when (rdb.cpp, rdbSaveKeyValuePair). */
export const memberExpiryAux = { member: 'keydb-subexpire-key', moment: 'keydb-subexpire-when' } as const;

/** Whether an AUX field says something of the key before it. */
export const saysOfLastKey = (auxName: string): boolean =>
  auxName === memberExpiryAux.member || auxName === memberExpiryAux.moment;

export const memberCount = (count: number): string => `${count} ${count === 1 ? 'member' : 'members'} with an expiry`;

export const jobCount = (count: number): string => `${count} scheduled ${count === 1 ? 'job' : 'jobs'}`;

export const isMemberExpiry = (name: string): boolean =>
  name === memberExpiryAux.member || name === memberExpiryAux.moment;

export interface Product {
  readonly name: 'Redis' | 'Valkey' | 'KeyDB' | 'Dragonfly' | 'Redis Enterprise' | 'Redis-On-Rocks' | 'Tair';
  /** As the file says it; '' where it does not. */
  readonly version: string;
}

/** First and last of the numbers that a product gave to types and opcodes of its own. */
const ownNumbers: Readonly<Record<string, readonly (readonly [first: number, last: number])[]>> = {
  'Redis Enterprise': [[107, 107]],
  'Redis-On-Rocks': [[128, 135]],
  Dragonfly: [
    [200, 239],
    [30, 40],
  ],
};

/** Numbers of which only one product made anything, so that they name it where nothing else does. */
const telling = (name: string) => ownNumbers[name][0];

const tairModules = new Set([
  'exstrtype',
  'exhash---',
  'exgistype',
  'exbloom--',
  'tair-json',
  'tairzset_',
  'tairroar-',
  'tairts---',
  'tairvecto',
  'exstr----',
  'excpc----',
]);

/** Whether a type or opcode is one that this product made. */
export function isOwnNumber(product: Product | undefined, number: number): boolean {
  if (product === undefined) return false;
  return (ownNumbers[product.name] ?? []).some(([first, last]) => number >= first && number <= last);
}

/** The product that alone uses a type or opcode; undefined where none does, or several. */
export function productOfNumber(number: number): Product | undefined {
  if (number === TypeId.cron) return { name: 'KeyDB', version: '' };
  for (const name of Object.keys(ownNumbers)) {
    const [first, last] = telling(name);
    if (number >= first && number <= last) return { name: name as Product['name'], version: '' };
  }
  return undefined;
}

/** A module's type as it is shown: with the product where it is of one that has it built in. */
export function moduleTypeText(name: string): string {
  return tairModules.has(name) ? `module type '${name}' of Tair` : `module type '${name}'`;
}

/** What an aux field adds to what is known of the writer so far. */
export function productOfAux(known: Product | undefined, name: string, value: string): Product | undefined {
  if (name === 'df-ver') return { name: 'Dragonfly', version: value };
  if (name === 'mvcc-tstamp' || name.startsWith('keydb-')) {
    return known?.name === 'KeyDB' ? known : { name: 'KeyDB', version: known?.version ?? '' };
  }
  if (known !== undefined && known.name !== 'Redis' && known.name !== 'Valkey') return known;
  if (name === 'valkey-ver') return { name: 'Valkey', version: value };
  return name === 'redis-ver' ? { name: 'Redis', version: value } : known;
}

/** A product as it is printed: `Dragonfly v1.38.1`. */
export function productText({ name, version }: Product): string {
  return version === '' ? name : `${name} ${version}`;
}

/** The product of that fork, where no aux field says more. */
export const productOfFork = (fork: Fork): Product => ({ name: fork === 'redis' ? 'Redis' : 'Valkey', version: '' });

const auxOpcode = 0xfa;

/** The writer by the aux fields right behind a header, for a file whose header is as far as it can be read. */
export function productOfHead(head: Uint8Array, headerBytes = 9): Product | undefined {
  let product: Product | undefined;
  let position = headerBytes;
  const text = (): string | undefined => {
    const first = head[position];
    const length = first < 0x40 ? first : first === 0xc0 ? 1 : first === 0xc1 ? 2 : first === 0xc2 ? 4 : -1;
    if (length < 0 || position + 1 + length > head.length) return undefined;
    position += 1 + length;
    return first < 0x40 ? Buffer.from(head.subarray(position - length, position)).toString('latin1') : '';
  };
  while (head[position] === auxOpcode) {
    position++;
    const name = text();
    const value = name === undefined ? undefined : text();
    if (name === undefined || value === undefined) break;
    product = productOfAux(product, name, value);
  }
  return product;
}
