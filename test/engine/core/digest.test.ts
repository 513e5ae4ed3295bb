import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Sha1 } from '../../../src/checksum/sha1.ts';
import { Digester } from '../../../src/engine/digest.ts';
import { CommandView } from '../../../src/resp/command-view.ts';
import type { Flavor } from '../../../src/servers/flavor.ts';
import { sessionOf } from './replayed.ts';

const now = Date.UTC(2026, 0, 1);

function digestAfter(flavor: Flavor, ...commands: string[]): string {
  const session = sessionOf(Buffer.alloc(0), flavor, now);
  for (const command of commands) expect(session.execute(CommandView.of(command.split(' ')))).toBeUndefined();
  return new Digester({ flavor, at: now, reader: session.reader }).dataset(session.dataset);
}

/** Recorded from real servers (docs/formats/digest.md, section 6). */
const vectors: [Flavor, string[], string][] = [
  ['redis-8', [], '0000000000000000000000000000000000000000'],
  ['redis-8', ['SET foo bar'], 'd2ab4820c1be0580ea28efbfe8bfa1dc05bb802a'],
  ['redis-8', ['SELECT 1', 'SET foo bar'], 'ca1ca3c163c25b0650d3afe1417fd35e01ab7498'],
  ['redis-8', ['SET n 0012'], '76a75e319e3ce870418059c2ef83f31d7af4e879'],
  ['redis-8', ['SET foo bar EX 100'], '8b0c6d22108f15467022bc27c005787072eb4c4b'],
  ['redis-8', ['RPUSH l a b 3'], 'a678928a6ea683b36646d6fa7c4527ea3be15e50'],
  ['redis-8', ['SADD s a b 3'], '688a34bb9604c2b66e04f53ab1818232061704ac'],
  ['redis-8', ['ZADD z 1 a 2.5 b 1e8 c 0.1 d'], '695e264c2ba51e7df76a7076b85efd7478f2b094'],
  ['valkey-9', ['ZADD z 1 a 2.5 b 1e8 c 0.1 d'], '695e264c2ba51e7df76a7076b85efd7478f2b094'],
  ['redis-7.0', ['ZADD z 1 a 2.5 b 1e8 c 0.1 d'], 'c822a1597665d0cf4b07e092dd8edaa63585f6e9'],
  ['redis-8', ['HSET h a 1 b 2'], '4e43099c33699e81c1cfdaa4f3eb3cd5635db0fe'],
  ['redis-8', ['HSET h a 1 b 2', 'HEXPIRE h 100 FIELDS 1 a'], 'd9e9f48c00a11c301b5e2f976b19ca7610a96438'],
  ['valkey-9', ['HSET h a 1 b 2', 'HEXPIRE h 100 FIELDS 1 a'], '4e43099c33699e81c1cfdaa4f3eb3cd5635db0fe'],
  ['redis-8', ['XADD x 1-0 f v', 'XADD x 2-5 g w'], '9e9cb7873e0b9a0a9253c265a4574bf06c69e99a'],
  ['redis-8', ['ARSET ar 0 a 1', 'ARSET ar 3 1.5'], '53d355d45762da93a802ed3c88cfdc6834c98bed'],
  ['redis-8', ['SET foo bar', 'RPUSH l a b 3', 'SELECT 1', 'SET foo bar'], '878a0a4f62c520ab505501aa0e51b75e81df5f27'],
];

describe('DEBUG DIGEST', () => {
  for (const [flavor, commands, digest] of vectors) {
    it(`of ${commands.join('; ') || 'nothing'} (${flavor})`, () => {
      expect(digestAfter(flavor, ...commands)).toBe(digest);
    });
  }
});

describe('SHA-1', () => {
  it('is that of node:crypto at every length up to some blocks, for bytes and for text', () => {
    const sha = new Sha1();
    const bytes = Buffer.from(Array.from({ length: 700 }, (_, index) => (index * 151 + 7) & 255));
    const hex = () => Array.from(sha.state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    for (let length = 0; length < bytes.length - 3; length++) {
      const expected = createHash('sha1')
        .update(bytes.subarray(3, 3 + length))
        .digest('hex');
      sha.hashBytes(bytes, 3, length);
      expect([length, hex()]).toEqual([length, expected]);
      sha.hashText(bytes.latin1Slice(3, 3 + length));
      expect([length, hex()]).toEqual([length, expected]);
    }
  });
});
