import { expect, it } from 'vitest';
import { findKeys, findWrittenKeys, KeyPositions } from '../../src/aof/log/command-keys.ts';
import { subcommand } from '../../src/aof/log/matcher.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { findCommand } from '../../src/servers/command-catalog.ts';
import { describeWithServer, ReplyError, type Server, startServer } from '../support/servers.ts';

function keysOf(line: string, find = findKeys): string[] {
  const frame = CommandView.of(line.split(' ').map((word) => (word === '""' ? '' : word)));
  const container = findCommand(frame.bytes, frame.starts[0], frame.lengths[0]);
  if (container === undefined) throw new Error(`no such command: ${line}`);
  const found = new KeyPositions();
  find(container.container ? subcommand(container, frame) : container, frame, found);
  return Array.from(found.positions.subarray(0, found.count), (position) => frame.text(position)).sort();
}

const commands = [
  ...[
    'SET k v',
    'MSET a 1 b 2 c 3',
    'MSETEX 2 a 1 b 2 KEEPTTL',
    'DEL a b c',
    'RENAME a b',
    'COPY a b DB 3',
    'MOVE a 1',
  ],
  ...[
    'BITOP AND d a b',
    'PFMERGE d a b',
    'LMPOP 2 a b LEFT',
    'BLMPOP 0 2 a b LEFT',
    'ZMPOP 1 a MIN',
    'BZMPOP 1 2 a b MAX',
  ],
  ...['BLPOP a b 0', 'LMOVE a b LEFT LEFT', 'SMOVE a b m', 'SINTERSTORE d a b', 'ZUNIONSTORE d 2 a b WEIGHTS 1 2'],
  ...['ZDIFFSTORE d 1 a', 'ZRANGESTORE d s 0 1', 'GEOSEARCHSTORE d s FROMMEMBER m BYRADIUS 1 m', 'SORT l STORE d'],
  ...['SORT l BY w LIMIT 0 1 GET p STORE d', 'GEORADIUS g 1 1 1 m STORE d', 'GEORADIUSBYMEMBER g m 1 m STOREDIST d'],
  ...[
    'XADD s * f v',
    'XGROUP CREATE s g $',
    'XGROUP SETID s g 0',
    'XREADGROUP GROUP g c STREAMS a b 0 0',
    'XCLAIM s g c 0 1-1',
  ],
  ...['EVAL x 2 a b c', 'FCALL f 1 a b', 'MIGRATE h 1 k 0 1', 'MIGRATE h 1 "" 0 1 COPY KEYS a b', 'RESTORE k 0 x'],
  ...['HPEXPIREAT h 1 FIELDS 1 f', 'SETBIT k 1 1', 'PFCOUNT a', 'OBJECT ENCODING k', 'XINFO STREAM k', 'ZINTER 2 a b'],
];

describeWithServer('redis-8.6', 'keys of commands', () => {
  it('are those that the server finds', async () => {
    const server: Server = await startServer('redis-8.6');
    for (const line of commands) {
      const reply = await server.attempt(
        'COMMAND',
        'GETKEYS',
        ...line.split(' ').map((word) => (word === '""' ? '' : word)),
      );
      expect(reply, line).not.toBeInstanceOf(ReplyError);
      // Read commands that never are in a log have their numbers of keys elsewhere.
      if (line.startsWith('ZINTER ')) continue;
      expect(keysOf(line), line).toEqual((reply as string[]).map(String).sort());
    }
    await server.stop();
  });
});

it('tells written keys from those that are only read', () => {
  expect(keysOf('SUNIONSTORE d a b', findWrittenKeys)).toEqual(['d']);
  expect(keysOf('ZUNIONSTORE d 2 a b', findWrittenKeys)).toEqual(['d']);
  expect(keysOf('COPY a b', findWrittenKeys)).toEqual(['b']);
  expect(keysOf('BITOP AND d a b', findWrittenKeys)).toEqual(['d']);
  expect(keysOf('RENAME a b', findWrittenKeys)).toEqual(['a', 'b']);
});

it('survives commands whose numbers of keys lie', () => {
  expect(keysOf('LMPOP 99999999999999999 a LEFT')).toEqual([]);
  expect(keysOf('LMPOP 1000 a LEFT')).toEqual(['LEFT', 'a']);
  expect(keysOf('EVAL x nan a')).toEqual([]);
  expect(keysOf('MIGRATE')).toEqual([]);
});
