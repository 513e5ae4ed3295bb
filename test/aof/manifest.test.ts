import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatManifest, parseManifest } from '../../src/aof/manifest.ts';
import { splitWords } from '../../src/words.ts';
import { itWithServer, temporaryDir, tryStart } from '../support/servers.ts';

const parse = (text: string) => parseManifest(Buffer.from(text, 'latin1'));
const codes = (text: string) => parse(text).faults.map(({ code, offset }) => [code, offset]);
const base = 'file a.1.base.rdb seq 1 type b\n';

describe('parseManifest', () => {
  it('reads parts, their order, extra pairs and offsets', () => {
    const { parts, faults } = parse(`# made by hand\n${base}file a.1.incr.aof seq 1 type i startoffset 5\n`);
    expect(faults).toEqual([]);
    expect(parts).toMatchObject([
      { name: 'a.1.base.rdb', sequence: 1, type: 'b', line: 2, offset: 15 },
      { name: 'a.1.incr.aof', sequence: 1, type: 'i', extra: [['startoffset', '5']], line: 3, offset: 46 },
    ]);
  });

  const accepted: [string, string][] = [
    ['keys in any order and case', 'TYPE b SEQ 2 FILE x\n'],
    ['carriage returns and blanks', '  file x seq 1 type b \r\n'],
    ['a type by its first letter', 'file x seq 1 type base\n'],
    ['unknown keys', 'file x seq 1 type b colour red\n'],
    ['a negative sequence of a base', 'file x seq -5 type b\n'],
    ['a quoted name', 'file "x y\\x7e" seq 1 type b\n'],
    ['a comment without a newline', `${base}# end`],
    ['comments alone', '# nothing\n'],
  ];
  it.each(accepted)('takes %s', (_, text) => expect(codes(text)).toEqual([]));

  const refused: [string, string, string, number][] = [
    ['an empty file', '', 'manifest.empty', 0],
    ['no newline at the end', base + 'file b seq 1 type i', 'manifest.line.length', 31],
    ['a line that is too long', `#${'x'.repeat(1100)}\n${base}`, 'manifest.line.length', 0],
    ['an empty line', `${base}\n`, 'manifest.line.format', 31],
    ['an odd number of words', 'file x seq 1 type\n', 'manifest.line.format', 0],
    ['quotes that do not close', 'file "x seq 1 type b\n', 'manifest.line.format', 0],
    ['a path', 'file d/x seq 1 type b\n', 'manifest.line.path', 0],
    ['sequence 0', 'file x seq 0 type b\n', 'manifest.sequence.invalid', 0],
    ['an unknown type', 'file x seq 1 type z\n', 'manifest.type.unknown', 0],
    ['two bases', `${base}file b seq 2 type b\n`, 'manifest.base.duplicate', 31],
    ['a negative sequence of an increment', 'file x seq -5 type i\n', 'manifest.sequence.order', 0],
    ['increments out of order', 'file x seq 2 type i\nfile y seq 2 type i\n', 'manifest.sequence.order', 20],
  ];
  it.each(refused)('finds %s', (_, text, code, offset) => expect(codes(text)).toEqual([[code, offset]]));

  const all = [
    ...accepted.map(([name, text]) => [name, text, true]),
    ...refused.map(([name, text]) => [name, text, false]),
  ];
  for (const [name, text, starts] of all as [string, string, boolean][]) {
    itWithServer('redis-8.6', `agrees with the server on ${name}`, async () => {
      const dir = temporaryDir();
      const folder = path.join(dir, 'appendonlydir');
      fs.mkdirSync(folder);
      fs.writeFileSync(path.join(folder, 'appendonly.aof.manifest'), text, 'latin1');
      for (const part of parse(text).parts) {
        const file = part.name.replaceAll('\0', '');
        if (!file.includes('/')) fs.writeFileSync(path.join(folder, file), '');
      }
      const result = await tryStart('redis-8.6', { dir, config: { appendonly: 'yes' } });
      if (result.started) await result.server.stop();
      expect(result.started).toBe(starts);
    });
  }
});

describe('formatManifest', () => {
  it('writes base, history and increments, and quotes what needs it', () => {
    const text = formatManifest([
      { name: 'i "1"\n', sequence: 2, type: 'i', extra: [['startoffset', '0']] },
      { name: 'h', sequence: 1, type: 'h', extra: [] },
      { name: 'b', sequence: 1, type: 'b', extra: [] },
    ]);
    expect(text).toBe('file b seq 1 type b\nfile h seq 1 type h\nfile "i \\"1\\"\\n" seq 2 type i startoffset 0\n');
    expect(parse(text).parts.map((part) => part.name)).toEqual(['b', 'h', 'i "1"\n']);
  });
});

describe('splitWords', () => {
  it('follows sdssplitargs', () => {
    expect(splitWords('a "b c" \'d\\\'e\' f"g"')).toEqual(['a', 'b c', "d'e", 'fg']);
    expect(splitWords('"a"b')).toBeUndefined();
    expect(splitWords('"a')).toBeUndefined();
    expect(splitWords('"\\x41\\n\\q"')).toEqual(['A\nq']);
  });
});
