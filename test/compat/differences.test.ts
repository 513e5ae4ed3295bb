import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWithServer, temporaryDir } from '../support/servers.ts';
import { command, compare, ourOutcome, runOurs } from './comparison.ts';

/* Each difference from the real tools that docs/drop-in.md lists, and what it saves. */
const set = command('SET', 'foo', 'bar');
const fixture = (path: string): Buffer => readFileSync(new URL(`../../fixtures/golden/${path}`, import.meta.url));
const valkey = fixture('valkey-9.1-rdb-little/dump.rdb');
const redis = fixture('redis-8.6-rdb-little/dump.rdb');
const manifest = 'file b.rdb seq 1 type b\nfile i.aof seq 1 type i\n';
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('drop-in tools where they differ on purpose', () => {
  it("takes Valkey's RDB for a base", () => {
    const files = { 'b.rdb': valkey, 'i.aof': set, 'a.manifest': manifest };
    const { code, stdout } = ourOutcome({ tool: 'aof', files, args: ['@a.manifest'] });
    expect(code).toBe(0);
    expect(stdout).toContain('BASE AOF (RDB format)');
  });

  it("does not cut a file that begins with Valkey's RDB to nothing", () => {
    const hybrid = Buffer.concat([valkey, Buffer.from(set), Buffer.from(set.slice(0, -4))]);
    const sound = hybrid.subarray(0, valkey.length + set.length);
    const outcome = ourOutcome({ tool: 'aof', files: { a: hybrid }, args: ['--fix', '@a'], stdin: 'y\n' });
    expect(outcome.code).toBe(0);
    expect(outcome.files).toEqual([latin1(sound)]);
    const torn = ourOutcome({ tool: 'aof', files: { a: valkey.subarray(0, 60) }, args: ['--fix', '@a'], stdin: 'y\n' });
    expect(torn.code).toBe(1);
    expect(torn.files).toEqual([latin1(valkey.subarray(0, 60))]);
  });

  it('keeps an RDB that stands as an increment', () => {
    const tail = Buffer.concat([redis, Buffer.from(set.slice(0, -4))]);
    const files = { 'b.rdb': redis, 'i.aof': tail, 'a.manifest': manifest };
    const outcome = ourOutcome({ tool: 'aof', files, args: ['--fix', '@a.manifest'], stdin: 'y\n' });
    expect(outcome.code).toBe(0);
    expect(outcome.files[1]).toBe(latin1(redis));
  });

  it('does not allocate what a length declares', () => {
    const { code, stdout } = ourOutcome({ tool: 'aof', files: { a: '*1\r\n$9223372036854775800\r\nx' }, args: ['@a'] });
    expect(code).toBe(1);
    expect(stdout).toContain('Expected to read 9223372036854775802 bytes, got 1 bytes');
  });

  it('ends where module data is cut off', () => {
    const module = fixture('built-v12-module/dump.rdb').subarray(0, 21);
    const { code, stdout } = ourOutcome({ tool: 'rdb', files: { a: module }, args: ['@a'] });
    expect(code).toBe(1);
    expect(stdout).toContain('[offset 21] Unexpected EOF reading RDB file');
  });

  it('cuts at a timestamp within a transaction before its MULTI', () => {
    const open = `${command('MULTI')}${set}#TS:200\r\n${set}${command('EXEC')}`;
    const args = ['--truncate-to-timestamp', '150', '@a'];
    const outcome = ourOutcome({ tool: 'aof', files: { a: `#TS:100\r\n${set}${open}` }, args });
    expect(outcome.code).toBe(0);
    expect(outcome.files).toEqual([`#TS:100\r\n${set}`]);
    const nothing = ourOutcome({ tool: 'aof', files: { a: open }, args });
    expect(nothing.code).toBe(1);
    expect(nothing.files).toEqual([open]);
  });

  it('shows zero where a header line ends with the file', () => {
    const { stdout } = ourOutcome({ tool: 'aof', files: { a: `${set}*1` }, args: ['@a'] });
    expect(stdout).toContain('Expected \\r\\n, got: 00');
  });

  it('reads newer RDB versions and the other fork', () => {
    for (const name of ['built-v14-array', 'built-v15-hash-templates', 'built-v80-slot-import', 'valkey-9.1-rdb']) {
      const { code, stdout } = ourOutcome({ tool: 'rdb', files: { a: fixture(`${name}/dump.rdb`) }, args: ['@a'] });
      expect(code, name).toBe(0);
      expect(stdout).toContain('\\o/ RDB looks OK! \\o/');
    }
  });

  it('does not wait at a named pipe that nobody writes to', () => {
    const path = join(temporaryDir(), 'pipe');
    execFileSync('mkfifo', [path]);
    expect(runOurs({ tool: 'aof', args: [path] }).code).toBe(0);
    expect(runOurs({ tool: 'rdb', args: [path] }).code).toBe(1);
  });

  it('prints a version under the name by which it is called', () => {
    for (const name of ['redis-check-aof', 'valkey-check-aof']) {
      expect(runOurs({ tool: 'aof', args: ['-v'] }, `/usr/bin/${name}`).stdout).toMatch(
        new RegExp(`^${name} v=1\\.2\\.3 `),
      );
    }
    expect(runOurs({ tool: 'rdb', args: ['--version'] }, 'x.js').stdout).toMatch(/^aofkit-check-rdb v=1\.2\.3 /);
  });
});

describeWithServer('valkey-9.1', 'what valkey-check-aof does with its own base', () => {
  it('rejects it, and cuts it to nothing when asked to fix', () => {
    const scene = { tool: 'aof', files: { a: valkey }, args: ['--fix', '@a'], stdin: 'y\n' } as const;
    const { theirs, ours } = compare(scene, 'valkey-9.1');
    expect(theirs.files).toEqual(['']);
    expect(ours.files).toEqual([latin1(valkey)]);
    expect(ours.code).toBe(0);
  });
});

const executable = new URL('../../bin/check-aof.js', import.meta.url).pathname;
const built = existsSync(new URL('../../dist/src/compat/check-aof.js', import.meta.url));
if (!built) console.warn('SKIPPED: the drop-in executables are not built: npm run build');

describe.skipIf(!built)('drop-in executables', () => {
  const shell = (script: string): string => execFileSync('/bin/sh', ['-c', script], { encoding: 'latin1' });

  it('works under a symbolic link, with yes at its standard input', () => {
    const dir = temporaryDir();
    const script = `cd ${dir} && ln -s ${executable} redis-check-aof && printf '*1\\r\\n$4\\r\\nPING\\r\\n*1\\r\\n' > $(printf 'a\\351.aof')
      yes | ./redis-check-aof --fix $(printf 'a\\351.aof'); echo code $?; wc -c < $(printf 'a\\351.aof'); ./redis-check-aof; echo code $?`;
    const output = shell(script);
    expect(output).toContain('to 14 bytes\nContinue? [y/N]: Successfully truncated AOF a\xe9.aof\ncode 0\n14\n');
    expect(output).toContain('Usage: ./redis-check-aof [--fix|--truncate-to-timestamp $timestamp]');
    expect(output.trimEnd().endsWith('code 1')).toBe(true);
  });

  it('aborts where standard input is closed or empty, and does not mind a closed pipe', () => {
    const dir = temporaryDir();
    const script = `cd ${dir} && printf '*1\\r\\n' > a; node ${executable} --fix a < /dev/null; echo code $?; node ${executable} --fix a <&-; echo code $?
      wc -c < a; node ${executable} a | true`;
    expect(shell(script)).toMatch(/Aborting\.\.\.\ncode 1\n[\s\S]*Aborting\.\.\.\ncode 1\n4\n$/);
  });
});
