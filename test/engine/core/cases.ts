/* Small logs whose effect is known from real servers: what each leaves in its keys. */

import type { ServerName } from '../../support/server-process.ts';

export interface Case {
  readonly name: string;
  /** Commands, each a line of words with one space between. */
  readonly log: readonly string[];
  /**
   * What some keys hold afterwards: a string, the elements of a list, the members and fields of the rest in order of their bytes;
   * undefined for no such key.
   */
  readonly holds: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Servers of another mind, or without the commands. */
  readonly except?: readonly ServerName[];
}

export const cases: readonly Case[] = [
  {
    name: 'SORT BY nosort DESC turns a list around before it is limited',
    log: [
      'RPUSH l a b c d',
      'SORT l BY nosort DESC ALPHA STORE whole',
      'SORT l BY nosort DESC LIMIT 1 2 STORE part',
      'SORT l BY nosort LIMIT 1 2 STORE forward',
    ],
    holds: { whole: ['d', 'c', 'b', 'a'], part: ['c', 'b'], forward: ['b', 'c'] },
  },
  {
    name: 'around 180 degrees the first cells of the map are no neighbours',
    log: [
      'GEOADD k 179.9 0.1 east -179.9 0.1 west 0 0 far',
      'GEORADIUS k 180 0 6271 km STORE all',
      'GEORADIUS k 180 0 500 km STORE near',
      'GEORADIUS k -180 0 500 km STORE beyond',
    ],
    holds: { all: ['east'], near: ['east'], beyond: ['east', 'west'] },
  },
  {
    name: 'GEORADIUSBYMEMBER of no key empties its destination whatever the radius',
    log: [
      'SET d v',
      'GEORADIUSBYMEMBER nokey m -1 m STORE d',
      'SET e v',
      'GEORADIUSBYMEMBER nokey m 1 parsecs STORE e',
      'SET f v',
      'GEORADIUS nokey 1 1 -1 m STORE f',
    ],
    holds: { d: undefined, e: undefined, f: 'v' },
    // Before 6.2 a search in no key changed nothing; such a server did not log it.
    except: ['redis-6.0'],
  },
  {
    name: 'loaded scripts and messages change nothing',
    log: ['SCRIPT LOAD return', 'SET a 1', 'PUBLISH channel text', 'SCRIPT FLUSH', 'SET b 2'],
    holds: { a: '1', b: '2' },
  },
  {
    name: 'messages to the channels of a shard change nothing',
    log: ['SET a 1', 'SPUBLISH channel text', 'SCRIPT FLUSH ASYNC', 'SET b 2'],
    holds: { a: '1', b: '2' },
    except: ['redis-6.0'],
  },
  {
    name: 'FLUSHALL takes every database with it, and no script',
    log: ['SET a 1', 'SELECT 3', 'SADD s m', 'FLUSHALL ASYNC', 'SELECT 0', 'SET b 2', 'FLUSHALL now'],
    holds: { a: undefined, s: undefined, b: '2' },
  },
  {
    name: 'RESET goes back to database 0, and DISCARD alone is an error',
    log: ['SELECT 3', 'SET there 1', 'DISCARD', 'RESET', 'SET here 2'],
    holds: { here: '2', there: undefined },
    except: ['redis-6.0'],
  },
  {
    name: 'blocking commands take what is there, first key first',
    log: ['RPUSH l a b c', 'BRPOP none l 0', 'BLPOP l 0', 'RPUSH m x y', 'BRPOPLPUSH m l 0'],
    holds: { l: ['y', 'b'], m: ['x'] },
  },
  {
    name: 'expiry of fields from now on',
    log: ['HSET h a 1 b 2 c 3 d 4', 'HEXPIRE h 100000 FIELDS 1 a', 'HPEXPIRE h 100000000 NX FIELDS 2 a b'],
    holds: { h: ['a', 'b', 'c', 'd'] },
    except: ['redis-6.0', 'redis-7.0', 'valkey-8.1'],
  },
];
