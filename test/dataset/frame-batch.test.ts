import { describe, expect, it } from 'vitest';
import { FrameBatch } from '../../src/dataset/frame-batch.ts';
import { defaultRegistry } from '../../src/engine/commands/index.ts';
import { freeOwners, Partition } from '../../src/engine/partition.ts';
import { Window } from '../../src/io/window.ts';
import { type FramesKernel, openFramesKernel } from '../../src/kernels/frames-kernel.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { Record, RespScanner } from '../../src/resp/scanner.ts';

const registry = defaultRegistry();
const kernel = openFramesKernel() as FramesKernel;

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

const show = (frame: CommandView) => ({
  args: Array.from({ length: frame.argc }, (_, index) => frame.text(index)),
  offsets: Array.from({ length: frame.argc }, (_, index) => frame.base + frame.starts[index]),
  place: [frame.start, frame.end, frame.ordinal],
});

/** What a scanner alone reads of a shard's commands, and what it reads where a lane comes first. */
function read(bytes: Buffer, windowBytes: number, shard: Partition, withBatch: boolean) {
  const batch = new FrameBatch(kernel, registry, shard);
  const scanner = new RespScanner(new Window(sourceOf(bytes), 0, batch.home.subarray(0, windowBytes)), true);
  const frame = new CommandView();
  const seen: unknown[] = [];
  let ahead = 0;
  for (;;) {
    while (withBatch) {
      const count = batch.next(scanner.window, -1, frame.ordinal);
      if (batch.seen === 0) break;
      seen.push(...batch.frames.slice(0, count).map(show));
      frame.ordinal += batch.seen;
      ahead += batch.seen;
    }
    const record = scanner.next(frame);
    if (record === Record.command) {
      if (shard.takes(frame)) seen.push(show(frame));
    } else if (record === Record.annotation) seen.push('annotation');
    else return { seen, end: record, at: scanner.start, flaw: scanner.flaw, ahead, ordinal: frame.ordinal };
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
  ...['select', 'Multi', 'FLUSHALL', 'nothing', 'GET', 'DEL'].map((name) => command(name)),
  ...Array.from({ length: 40 }, (_, index) => command('set', `key:${index}`, 'x'.repeat(index * 40))),
  ...Array.from({ length: 20 }, (_, index) => command('XGROUP', 'CREATE', `s${index}`, 'g', '$')),
  ...Array.from({ length: 20 }, (_, index) => command('UNLINK', `\0\xff${index}`)),
  command('DEL', 'a', 'b'),
  command('RENAME', 'a', 'b'),
  command('ZUNIONSTORE', 'd', '2', 'a', 'b'),
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

describe('the frame lane', () => {
  const dealt = [0, 1].map((index) => new Partition(index, freeOwners(), registry));
  const whole = new Partition(0, new Uint8Array(freeOwners().length), registry);
  for (const windowBytes of [64, 97, 500, 4096, 1 << 16]) {
    it(`frames what a scanner does and deals it out alike, window of ${windowBytes} bytes`, () => {
      for (const end of ends) {
        const bytes = Buffer.from(log.repeat(3) + end, 'latin1');
        for (const shard of [whole, ...dealt]) {
          const { ahead, ...found } = read(bytes, windowBytes, shard, true);
          const { ahead: none, ...expected } = read(bytes, windowBytes, shard, false);
          expect(found).toEqual(expected);
          expect(none).toBe(0);
          if (windowBytes >= 4096) expect(ahead).toBeGreaterThan(5);
        }
      }
    });
  }

  it('gives each shard a part of the keys', () => {
    const bytes = Buffer.from(log, 'latin1');
    const [all, first, second] = [whole, ...dealt].map((shard) => read(bytes, 1 << 16, shard, true).seen.length);
    expect(Math.min(first, second)).toBeGreaterThan(20);
    expect(all).toBeGreaterThan(Math.max(first, second));
  });
});
