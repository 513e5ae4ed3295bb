import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import fileSystem, { decodePath, encodePath } from '../../src/io/file-system.ts';

describe('paths', () => {
  it('give back the bytes that they were made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect([...encodePath(decodePath(bytes))]).toEqual([...bytes]);
      }),
    );
  });

  it('are plain text where the bytes are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodePath(Buffer.from(text))).toBe(text);
      }),
    );
  });

  it('keep the text around a byte that is not UTF-8', () => {
    expect(decodePath(Buffer.from('caf\xe9/\xc3\xa9\xe2\x98', 'latin1'))).toBe('caf\udce9/é\udce2\udc98');
  });

  it('reach files of any name', () => {
    const name = 'x\udcff\n.rdb';
    const folder = mkdtempSync(join(tmpdir(), 'aofkit-'));
    const path = join(folder, name);
    fileSystem.writeFileSync(encodePath(path), 'abc');
    expect(fileSystem.readdirSync(folder)).toEqual([name]);
    expect(fileSystem.existsSync(path)).toBe(true);
    expect(fileSystem.statSync(path).size).toBe(3);
    fileSystem.symlinkSync(encodePath(path), join(folder, 'link'));
    expect(fileSystem.readlinkSync(join(folder, 'link'))).toBe(path);
    expect(fileSystem.realpathSync(path)).toContain(name);
    fileSystem.renameSync(path, join(folder, 'y\udc80'));
    fileSystem.unlinkSync(join(folder, 'y\udc80'));
    expect(fileSystem.readdirSync(folder)).toEqual(['link']);
  });
});

it('are taken from the command line as they were typed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aofkit-'));
  const aof = '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n';
  fileSystem.writeFileSync(encodePath(join(folder, 'caf\udce9.aof')), aof);
  const program = new URL('../../bin/run.js', import.meta.url).pathname;
  const run = spawnSync(
    'bash',
    ['-c', `"$0" "$1" check --json "$2"/$'caf\\xe9.aof'`, process.execPath, program, folder],
    {
      encoding: 'utf8',
    },
  );
  expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, results: [{ summary: { commands: 1 } }] });
});
