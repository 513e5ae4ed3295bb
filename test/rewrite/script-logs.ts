import { createHash } from 'node:crypto';
import { type ServerName, serverNames } from '../support/server-process.ts';

/*
 * Logs with commands whose effect only a server knows, for the tests that compare what is carried along and for docs/compatibility.md. The
 * keys of these commands are touched by no other: behind the rewritten part they do what they did in their place.
 */

const put = "return redis.call('SET', KEYS[1], ARGV[1])";
const push = "redis.call('RPUSH', KEYS[1], ARGV[1]); return redis.call('INCRBY', KEYS[2], #ARGV[1])";
const library = `#!lua name=shelf
redis.register_function('place', function(keys, args) return redis.call('HSET', keys[1], args[1], args[2]) end)`;

export const shaOf = (script: string): string => createHash('sha1').update(script).digest('hex');

/** A script as servers before 7.0 log it: whole the first time, then by its sum. */
const scripts: readonly (readonly string[])[] = [
  ['SELECT', '0'],
  ['SET', 'plain', '1'],
  ['SCRIPT', 'LOAD', put],
  ['EVALSHA', shaOf(put), '1', 'script:1', 'v'],
  ['SET', 'plain', '2'],
  ['EVAL', push, '2', 'script:list', 'script:count', 'abc'],
  ['evalsha', shaOf(push), '2', 'script:list', 'script:count', 'defgh'],
  ['SELECT', '3'],
  ['MULTI'],
  ['EVALSHA', shaOf(put), '1', 'script:3', 'w'],
  ['SADD', 'set', 'a', 'b'],
  ['EXEC'],
  ['SCRIPT', 'FLUSH'],
  // A server that does not know it answers with an error, and goes on.
  ['EVALSHA', shaOf(put), '1', 'script:never', 'v'],
  ['SCRIPT', 'LOAD', push],
  ['EVALSHA', shaOf(push), '2', 'script:list', 'script:count', '\xff\x00'],
];

const functions: readonly (readonly string[])[] = [
  ['SELECT', '0'],
  ['FUNCTION', 'LOAD', library],
  ['SET', 'plain', '1'],
  ['FCALL', 'place', '1', 'function:hash', 'field', 'v\xff'],
  ['SELECT', '5'],
  ['SET', 'plain', '2'],
  ['FCALL', 'place', '1', 'function:other', 'field', 'w'],
  ['FCALL', 'missing', '0'],
];

/** Nobody listens on this port: the key stays, and the server notes an error. */
const migrations: readonly (readonly string[])[] = [
  ['SELECT', '0'],
  ['SET', 'stays', '1'],
  ['MIGRATE', '127.0.0.1', '1', 'stays', '0', '100'],
  ['MIGRATE', '127.0.0.1', '1', 'missing', '0', '100'],
  ['SET', 'plain', '2'],
];

export interface ScriptLog {
  readonly name: string;
  readonly log: readonly (readonly string[])[];
  /** Names of the commands that are reported. */
  readonly opaque: readonly string[];
  readonly servers: readonly ServerName[];
}

export const scriptLogs: readonly ScriptLog[] = [
  {
    name: 'scripts',
    log: scripts,
    opaque: ['SCRIPT', 'EVALSHA', 'EVAL', 'evalsha', 'EVALSHA', 'SCRIPT', 'EVALSHA', 'SCRIPT', 'EVALSHA'],
    servers: serverNames,
  },
  {
    name: 'functions',
    log: functions,
    opaque: ['FCALL', 'FCALL', 'FCALL'],
    servers: serverNames.filter((name) => name !== 'redis-6.0'),
  },
  { name: 'migrations', log: migrations, opaque: ['MIGRATE', 'MIGRATE'], servers: serverNames },
];
