import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../src/io/source.ts';
import { Window } from '../../src/io/window.ts';
import { CommandView } from '../../src/resp/command-view.ts';
import { Record, RespScanner } from '../../src/resp/scanner.ts';

/** Everything a scanner says of some bytes: records with their offsets, and the flaw that ended it. */
function scan(text: string | Buffer, { keep = true, chunk = 1 << 20, size = 1 << 20 } = {}) {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  const window = new Window(new MemorySource(bytes, 'test', chunk), size);
  const scanner = new RespScanner(window, keep);
  const frame = new CommandView();
  const records: unknown[] = [];
  for (;;) {
    const record = scanner.next(frame);
    if (record === Record.command) {
      const count = keep ? frame.argc : Math.min(frame.argc, 2);
      const args = Array.from({ length: count }, (_, index) => (frame.starts[index] < 0 ? null : frame.text(index)));
      records.push([scanner.start, frame.argc, ...args]);
    } else if (record === Record.annotation) {
      const from = scanner.annotationPosition;
      records.push([scanner.start, window.bytes.latin1Slice(from, from + scanner.annotationLength)]);
    } else return { records, flaw: record === Record.flaw ? scanner.flaw : undefined, end: scanner.start };
  }
}

const command = (...args: string[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;

describe('RespScanner', () => {
  it('frames commands and annotations with absolute offsets', () => {
    const text = `#TS:1700000000\r\n${command('SET', 'k', 'v')}${command('PING')}`;
    expect(scan(text)).toEqual({
      records: [
        [0, '#TS:1700000000\r\n'],
        [16, 3, 'SET', 'k', 'v'],
        [43, 1, 'PING'],
      ],
      flaw: undefined,
      end: text.length,
    });
  });

  it('takes what strtol takes in a header', () => {
    expect(scan('* +1\r\n$04\r\nPING\r\n').records).toEqual([[0, 1, 'PING']]);
  });

  it('takes an annotation without a newline at the end of the file', () => {
    expect(scan('#TS:17').records).toEqual([[0, '#TS:17']]);
  });

  const flaws: [name: string, text: string, code: string, offset: number][] = [
    ['another first byte', 'SET k v\r\n', 'aof.header.prefix', 0],
    ['a NUL', `${command('PING')}\0\0`, 'aof.header.prefix', 14],
    ['a count of zero', '*0\r\n', 'aof.header.count', 0],
    ['a negative count', '*-1\r\n', 'aof.header.count', 0],
    ['a count that is text', '*x\r\n', 'aof.header.count', 0],
    ['a header line that ends in LF', '*1\n$4\r\nPING\r\n', 'aof.header.terminator', 2],
    ['an argument without $', '*1\r\n4\r\nPING\r\n', 'aof.argument.prefix', 4],
    ['a negative length', '*1\r\n$-4\r\nPING\r\n', 'aof.argument.length', 4],
    ['a length of 2^63', '*1\r\n$9223372036854775808\r\nPING\r\n', 'aof.argument.length', 4],
    ['a length beyond the file and every limit', '*1\r\n$600000000\r\nPING\r\n', 'aof.argument.length', 4],
    ['an argument without CRLF', '*1\r\n$4\r\nPINGxx', 'aof.argument.terminator', 12],
    ['a header line that is too long', `*1${' '.repeat(2000)}\r\n`, 'aof.header.length', 0],
    ['an annotation that is too long', `#${'x'.repeat(1100)}\n`, 'aof.annotation.length', 0],
    ['a torn header', `${command('PING')}*2`, 'aof.truncated', 14],
    ['a torn argument', `${command('PING')}*1\r\n$4\r\nPI`, 'aof.truncated', 14],
    ['a length beyond the file', `${command('PING')}*1\r\n$40\r\nPING\r\n`, 'aof.truncated', 14],
  ];
  it.each(flaws)('finds %s', (_, text, code, offset) => {
    expect(scan(text).flaw).toMatchObject({ code, offset });
    expect(scan(text, { keep: false }).flaw).toMatchObject({ code, offset });
  });

  it('says the same however the bytes are split, whether it keeps commands or not', () => {
    const argument = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '*', '$', '1', '\0', '\xff'), maxLength: 40 });
    const commands = fc.array(fc.array(argument, { minLength: 1, maxLength: 6 }), { maxLength: 12 });
    const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat() });
    fc.assert(
      fc.property(commands, damage, fc.integer({ min: 1, max: 70 }), (list, { at, byte, cut }, chunk) => {
        let bytes = Buffer.from(list.map((args) => command(...args)).join(''), 'latin1');
        if (bytes.length > 0 && at % 3 > 0) bytes[at % bytes.length] = byte;
        if (cut % 3 === 0) bytes = bytes.subarray(0, cut % (bytes.length + 1));
        const whole = scan(bytes);
        expect(scan(bytes, { chunk, size: 64 })).toEqual(whole);
        const passed = scan(bytes, { keep: false, chunk, size: 64 });
        expect(passed.flaw).toEqual(whole.flaw);
        expect(passed.records.length).toBe(whole.records.length);
      }),
      { numRuns: 400 },
    );
  });

  it('passes over an argument of any size in constant memory', () => {
    const large = 'x'.repeat(300_000);
    const window = new Window(
      new MemorySource(Buffer.from(command('SET', 'k', large) + command('PING')), 'test', 5000),
      8192,
    );
    const scanner = new RespScanner(window, false);
    const frame = new CommandView();
    expect(scanner.next(frame)).toBe(Record.command);
    expect([frame.argc, frame.text(0), frame.text(1)]).toEqual([3, 'SET', 'k']);
    expect(scanner.next(frame)).toBe(Record.command);
    expect(frame.text(0)).toBe('PING');
    expect(window.bytes.length).toBeLessThan(80_000);
  });
});
