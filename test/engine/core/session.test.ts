import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultRegistry } from '../../../src/engine/commands/index.ts';
import { Dataset } from '../../../src/engine/dataset.ts';
import { Digester } from '../../../src/engine/digest.ts';
import { Session } from '../../../src/engine/session.ts';
import { CommandView } from '../../../src/resp/command-view.ts';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../../src/values/long-double.ts';
import { Kind } from '../../../src/values/value.ts';
import { describeWithServer, ReplyError, type Server, startServer } from '../../support/servers.ts';
import { codec, replay, sessionOf } from './replayed.ts';

const now = Date.UTC(2026, 0, 1);

function encode(...commands: string[]): Buffer {
  const texts = commands.map((command) => {
    const args = command.split(' ');
    return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
  });
  return Buffer.from(texts.join(''), 'latin1');
}

/** A session after these commands, with the file it can read again. */
function replayedFrom(...commands: string[]): Session {
  const bytes = encode(...commands);
  const session = sessionOf(bytes, 'redis-8', now);
  replay(session, bytes, 0);
  return session;
}

function text(session: Session, key: string): string | undefined {
  const entry = session.keys.find(Buffer.from(key), 0, key.length);
  return entry < 0 ? undefined : session.stringBytes(session.keys, entry).latin1Slice();
}

describe('transactions', () => {
  it('run at EXEC, with values that still refer to the file', () => {
    const session = replayedFrom('MULTI', 'SET k a-value-that-is-long-enough', 'INCR n', 'EXEC');
    expect(session.keys.kind(session.keys.next(-1))).toBe(Kind.Reference);
    expect([text(session, 'k'), text(session, 'n')]).toEqual(['a-value-that-is-long-enough', '1']);
    expect(session.commandCount).toBe(4);
  });

  it('are dropped where the file ends before EXEC', () => {
    const session = replayedFrom('SET a 1', 'MULTI', 'SET a 2', 'SELECT 3');
    expect(session.inTransaction).toBe(true);
    expect(session.endFile()).toBe(2);
    expect([text(session, 'a'), session.database, session.inTransaction]).toEqual(['1', 0, false]);
  });

  it('note an error for EXEC alone, and for one inside another at EXEC', () => {
    const session = replayedFrom('EXEC', 'MULTI', 'SET a 1', 'MULTI', 'EXEC', 'SET b 2');
    expect(session.errors.map(({ ordinal, message }) => [ordinal, message])).toEqual([
      [0, 'ERR EXEC without MULTI'],
      [3, 'ERR MULTI calls can not be nested'],
    ]);
    expect([text(session, 'a'), text(session, 'b')]).toEqual(['1', '2']);
  });
});

describe('replay', () => {
  it('keeps a key whose time is past, so that PERSIST revives it', () => {
    const session = replayedFrom('SET a 1 PXAT 1000', 'SET b 1', 'PEXPIREAT b 1', 'PERSIST b');
    expect([text(session, 'a'), text(session, 'b'), session.keys.expiring]).toEqual(['1', '1', 1]);
  });

  it('counts relative times from the moment of loading', () => {
    const session = replayedFrom('SETEX a 10 x');
    expect(session.keys.expiry(session.keys.next(-1))).toBe(now + 10_000);
  });

  it('stays in its database when SELECT is out of range, and notes where', () => {
    const session = replayedFrom('SELECT 2', 'SELECT 16', 'SET a 1');
    expect(session.database).toBe(2);
    const offset = encode('SELECT 2').length + '*2\r\n$6\r\n'.length;
    expect(session.errors).toEqual([
      { ordinal: 1, offset, source: 0, command: 'SELECT', message: 'ERR DB index is out of range' },
    ]);
  });

  it('counts every command and every error, but keeps only so many errors', () => {
    const bytes = encode('SET a x', 'INCR a', 'INCR a', 'incr a', 'PING', 'GET a');
    const session = new Session(new Dataset(), defaultRegistry(), { now, errorsMax: 2 });
    replay(session, bytes, -1);
    const id = session.registry.named('incr')!.id;
    expect([session.calls[id], session.failures[id], session.errorCount, session.errors.length]).toEqual([3, 3, 3, 2]);
    expect(session.commandCount).toBe(6);
  });

  it('hands commands whose effect is unknown to the caller', () => {
    const seen: string[] = [];
    const session = new Session(new Dataset(), defaultRegistry(), {
      now,
      opaque: (_session, frame, reason) => {
        seen.push(`${frame.text(0)} ${reason}`);
        return undefined;
      },
    });
    const commands = ['SCRIPT LOAD x', 'EVAL x 0', 'FCALL f 0', 'JSON.SET k . 1', 'NOSUCH', 'MIGRATE h 1 k 0 9'];
    replay(session, encode(...commands, 'SCRIPT LOAD y'), -1);
    const unknown = ['JSON.SET module', 'NOSUCH unknown', 'MIGRATE unknown'];
    // A script is worth mentioning where one is called.
    expect(seen).toEqual(['SCRIPT script', 'EVAL script', 'FCALL function', ...unknown]);
    expect(session.errorCount).toBe(0);
  });

  it('holds function libraries by the name of their shebang', () => {
    const session = sessionOf(Buffer.alloc(0), 'redis-8', now);
    const run = (...args: string[]) => session.execute(CommandView.of(args));
    expect(run('FUNCTION', 'LOAD', '#!lua name=one\nreturn 1')).toBeUndefined();
    expect(run('function', 'load', '#!lua name=one\nreturn 2')).toBe("ERR Library 'one' already exists");
    expect(run('FUNCTION', 'LOAD', 'REPLACE', '#!lua name=one\nreturn 2')).toBeUndefined();
    expect(run('FUNCTION', 'DELETE', 'two')).toBe('ERR Library not found');
    run('FLUSHALL');
    expect([...session.dataset.libraries]).toEqual([['one', '#!lua name=one\nreturn 2']]);
    run('FUNCTION', 'FLUSH');
    expect(session.dataset.libraries.size).toBe(0);
  });

  it('deletes the keys of slots', () => {
    const session = replayedFrom('SET foo 1', 'SET {foo}x 1', 'SET bar 1', 'TRIMSLOTS RANGES 1 12182 12182');
    expect([text(session, 'foo'), text(session, '{foo}x'), text(session, 'bar')]).toEqual([undefined, undefined, '1']);
  });
});

describeWithServer('redis-8.6', 'what a real server makes of it', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer('redis-8.6');
  });
  afterAll(async () => server?.stop());

  it('adds long doubles to the same text', async () => {
    let state = 99;
    const digits = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const text = String(state).slice(0, 1 + (state % 9));
      const exponent = ((state >>> 8) % 41) - 20;
      return `${state & 64 ? '-' : ''}${text}.${state % 1000}e${exponent}`;
    };
    for (let round = 0; round < 500; round++) {
      const [first, second] = [digits(), digits()];
      const [, theirs] = await server.pipeline([
        ['SET', 'k', first],
        ['INCRBYFLOAT', 'k', second],
      ]);
      const sum = addLongDouble(parseLongDouble(first)!, parseLongDouble(second)!);
      expect([first, second, formatLongDouble(sum!)]).toEqual([first, second, String(theirs)]);
    }
  });

  it('restores payloads with the same options, errors and digests', async () => {
    await server.pipeline([
      ['SET', 's', 'text'],
      ['RPUSH', 'l', 'a', 'b'],
      ['HSET', 'h', 'f', 'v'],
      ['ZADD', 'z', '1', 'm'],
    ]);
    const session = sessionOf(Buffer.alloc(0), 'redis-8', Date.now());
    const digester = new Digester({ at: Date.now(), codec });
    const options = [
      [],
      ['REPLACE'],
      ['ABSTTL'],
      ['REPLACE', 'FREQ', '300'],
      ['IDLETIME', '-1'],
      ['FREQ', 'x'],
      ['WHAT'],
    ];
    for (const key of ['s', 'l', 'h', 'z']) {
      const reply = await server.pipeline([['DUMP', key]]);
      const payload = reply[0] as Buffer;
      const broken = Buffer.from(payload);
      broken[1] ^= 1;
      for (const body of [payload, broken]) {
        for (const ttl of ['0', '100000000', '-1', 'x']) {
          for (const more of options) {
            const args = ['RESTORE', 'copy', ttl, body, ...more];
            const [theirs] = await server.pipeline([args]);
            const ours = session.execute(CommandView.of(args));
            expect([key, ttl, more, ours]).toEqual([
              key,
              ttl,
              more,
              theirs instanceof ReplyError ? theirs.message : undefined,
            ]);
          }
        }
      }
      const entry = session.keys.next(-1);
      if (entry >= 0) expect([digester.entry(session.keys, entry)]).toEqual(await server.digestValues(['copy']));
    }
  });
});
