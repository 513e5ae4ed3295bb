import { describe, expect, it } from 'vitest';
import { Window } from '../../src/bytes/window.ts';
import { Frame } from '../../src/engine/frame.ts';
import { Record, RespScanner } from '../../src/resp/scanner.ts';

function sourceOf(bytes: Buffer) {
  let offset = 0;
  return {
    name: 'memory',
    size: bytes.length,
    read(into: Uint8Array, position: number, length: number): number {
      const count = Math.min(length, bytes.length - offset);
      into.set(bytes.subarray(offset, offset + count), position);
      offset += count;
      return count;
    },
    seek: () => false,
    close: () => undefined,
  };
}

const show = (frame: Frame) => ({
  args: Array.from({ length: frame.argc }, (_, index) => frame.text(index)),
  offsets: Array.from({ length: frame.argc }, (_, index) => frame.base + frame.starts[index]),
  place: [frame.start, frame.end, frame.ordinal],
});

/** What `next` alone reads, and what it reads where `ahead` comes first. */
function read(bytes: Buffer, windowBytes: number, ahead: boolean) {
  const scanner = new RespScanner(new Window(sourceOf(bytes), windowBytes), true);
  const frame = new Frame();
  const frames = [new Frame(), new Frame(), new Frame()];
  const seen: unknown[] = [];
  let framedAhead = 0;
  for (;;) {
    for (let count = 1; ahead && count > 0; ) {
      count = scanner.ahead(frames, frame.ordinal);
      seen.push(...frames.slice(0, count).map(show));
      frame.ordinal += count;
      framedAhead += count;
    }
    const record = scanner.next(frame);
    if (record === Record.command) seen.push(show(frame));
    else if (record === Record.annotation) seen.push('annotation');
    else return { seen, end: record, at: scanner.start, flaw: scanner.flaw, framedAhead };
  }
}

const command = (...args: string[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
const log = [
  command('SET', 'key', 'value'),
  command('SET', '', ''),
  '#TS:1700000000\r\n',
  '* 2\r\n$3\r\nGET\r\n$1\r\na\r\n',
  '*2\r\n$+3\r\nGET\r\n$000000000001\r\na\r\n',
  command('DEL', ...Array.from({ length: 100 }, (_, index) => `k${index}`)),
  command('SET', 'long', 'x'.repeat(3000)),
  command('SET', 'a\r\n*1\r\n', '$1\r\n'),
].join('');
const ends = [
  '',
  '*2\r\n$3\r\nGET\r\n$1',
  '*1\r\n$3\r\nGETxx',
  '*0\r\n',
  '*1\r\n$-1\r\n',
  '$3\r\n',
  '*2\r\n$3\r\nGET\r\n:1\r\n',
];

describe('commands framed ahead', () => {
  for (const windowBytes of [64, 97, 500, 4096, 1 << 16]) {
    it(`are those that are framed one by one, window of ${windowBytes} bytes`, () => {
      for (const end of ends) {
        const bytes = Buffer.from(log.repeat(3) + end, 'latin1');
        const { framedAhead, ...found } = read(bytes, windowBytes, true);
        const { framedAhead: none, ...expected } = read(bytes, windowBytes, false);
        expect(found).toEqual(expected);
        expect(none).toBe(0);
        if (windowBytes >= 4096) expect(framedAhead).toBeGreaterThan(5);
      }
    });
  }
});
