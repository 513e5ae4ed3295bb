/* The command line of rewrite, as a user meets it: exit codes, reports, a full disk, a kill. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { digest } from '../../src/index.ts';
import { aofkit, binary } from '../cli/run.ts';
import { encodeCommand } from '../support/reply.ts';
import { temporaryDir } from '../support/server-process.ts';
import { warnOfSkip } from '../support/servers.ts';
import { isLong, newPath } from './outputs.ts';

const plain = join(goldenDir('redis-6.0-aof-plain'), 'appendonly.aof');
const multiPart = join(goldenDir('redis-7.0-multipart-rdb-base'), 'appendonlydir');
const digestAt = async (path: string) => (await digest(path, { at: Date.now(), flavor: 'redis-8' })).digest;

/** An AOF of a few megabytes in which most writes are overwritten. */
function largeLog(path: string, values = 40_000): void {
  const commands = Array.from({ length: values }, (_, index) =>
    encodeCommand(['SET', `key:${index % 9973}`, `${index}`.padEnd(300, 'x')]),
  );
  writeFileSync(path, Buffer.concat(commands));
}

describe('aofkit rewrite', () => {
  it('explains itself', () => {
    const { status, stdout } = aofkit(['rewrite', '--help']);
    expect(status).toBe(0);
    for (const flag of ['--output', '--in-place', '--format', '--target', '--verify', '--unknown', '--only-if-grown'])
      expect(stdout).toContain(flag);
  });

  it('writes, reports on standard output, and says nothing else where nobody looks', () => {
    const output = newPath();
    const { status, stdout, stderr } = aofkit(['rewrite', plain, '-o', output, '--verify']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^written {2}/);
    expect(stdout).toMatch(/digest [0-9a-f]{40}, verified/);
    expect(stdout).not.toContain('\x1b');
    expect(existsSync(output)).toBe(true);
  });

  it('prints the digest and counts of what was written, and says what was not compared', () => {
    const [source, output] = [newPath(), newPath()];
    writeFileSync(
      source,
      Buffer.concat([encodeCommand(['XADD', 'x', '1-1', 'f', 'v']), encodeCommand(['SET', 'a', 'b'])]),
    );
    const args = ['rewrite', source, '-o', output, '--target', 'redis-4.0', '--verify'];
    expect(aofkit(args)).toMatchObject({ status: 1 });
    expect(existsSync(output)).toBe(false);
    const { status, stdout } = aofkit([...args, '--allow-loss']);
    expect(status).toBe(0);
    const [written] = aofkit(['digest', output]).stdout.split(' ');
    expect(stdout).toContain(`digest ${written}, verified, except for what 1 key lost\n`);
    expect(stdout).toContain('database 0: 1 key (string 1)');
    expect(stdout).toContain('loss stream of "x" in database 0');
  });

  it('reports as one JSON object of a stable shape', () => {
    const { status, stdout } = aofkit(['rewrite', multiPart, '-o', newPath(), '--json', '--verify']);
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(Object.keys(report).sort()).toEqual(['chosen', 'ok', 'results', 'seconds']);
    const [result] = report.results;
    const names = ['after', 'before', 'commands', 'databases', 'digest', 'filtered', 'findings', 'foreign'];
    names.push(
      'format',
      'layout',
      'lossCount',
      'losses',
      'notes',
      'ok',
      'outcome',
      'output',
      'path',
      'reason',
      'rules',
      'target',
    );
    names.push('verified');
    expect(Object.keys(result).sort()).toEqual(names);
    const { outcome, format, target, verified, layout } = result;
    expect({ outcome, format, target, verified, layout }).toEqual({
      outcome: 'written',
      format: 'multipart',
      target: 'redis-7.0',
      verified: true,
      layout: 'multi-part',
    });
    expect(Object.keys(result.databases[0]).sort()).toEqual(['database', 'expires', 'keys', 'types']);
  });

  const damaged = () => {
    const path = newPath('damaged.aof');
    writeFileSync(path, '*3\r\n$3\r\nSET\r\n$x\r\n');
    return path;
  };
  const script = () => {
    const path = newPath('script.aof');
    writeFileSync(path, encodeCommand(['EVAL', 'return 1', '0']));
    return path;
  };
  const taken = () => {
    const path = newPath('taken');
    writeFileSync(path, '');
    return path;
  };
  const codes: [string, () => string[], number][] = [
    ['a damaged input', () => [damaged(), '-o', newPath()], 1],
    ['a script', () => [script(), '-o', newPath()], 1],
    ['a script that is dropped', () => [script(), '-o', newPath(), '--unknown', 'drop'], 0],
    ['a script for an RDB', () => [script(), '-o', newPath(), '--unknown', 'keep', '--format', 'rdb'], 2],
    ['no output', () => [plain], 2],
    ['both an output and in place', () => [plain, '-o', newPath(), '--in-place'], 2],
    ['an output that exists', () => [plain, '-o', taken()], 2],
    ['a target of no name', () => [plain, '-o', newPath(), '--target', 'redis-1'], 2],
    ['a flag of no name', () => [plain, '-o', newPath(), '--nonsense'], 2],
    ['a size of no sense', () => [plain, '-o', newPath(), '--only-if-grown', '1', '--min-size', 'much'], 2],
    ['a file that is not there', () => ['/nowhere/at/all', '-o', newPath()], 3],
    ['a folder that is not there', () => [plain, '-o', '/nowhere/at/all/out'], 3],
    ['a log that has not grown', () => [plain, '-o', newPath(), '--only-if-grown', '0', '--min-size', '1gb'], 0],
  ];
  for (const [title, args, code] of codes) {
    it(`exits with ${code} for ${title}`, () => {
      const { status, stderr } = aofkit(['rewrite', ...args()]);
      expect({ status, isBug: stderr.includes('bug of aofkit') }).toEqual({ status: code, isBug: false });
      if (code >= 2) expect(stderr).not.toBe('');
    });
  }

  it('is killed at any moment without harm', async () => {
    const dir = temporaryDir();
    const input = join(dir, 'appendonly.aof');
    largeLog(input);
    const expected = await digestAt(input);
    const original = readFileSync(input);
    for (let round = 0; round < (isLong ? 40 : 5); round++) {
      writeFileSync(input, original);
      const child = spawn(process.execPath, [binary, 'rewrite', input, '--in-place'], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.on('close', resolve));
      // From before it has begun to after it has ended.
      await sleep(150 + Math.random() * 600);
      child.kill('SIGKILL');
      await ended;
      expect(await digestAt(input)).toBe(expected);
    }
    expect(aofkit(['rewrite', input, '--in-place']).status).toBe(0);
    expect(await digestAt(input)).toBe(expected);
    expect(readdirSync(dir)).toEqual(['appendonly.aof']);
  });
});

const mounted: string[] = [];
afterAll(() => {
  for (const dir of mounted) spawnSync('umount', [dir]);
});

/** A file system of `size` bytes of its own, where this process may mount one. */
function smallDisk(size: string): string | undefined {
  const dir = temporaryDir();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]);
  if (status !== 0) return undefined;
  mounted.push(dir);
  return dir;
}

describe('a disk that does not take it', () => {
  const disk = smallDisk('24m');
  if (disk === undefined)
    warnOfSkip('no right to mount a tmpfs: a full disk is tried with a limit on file sizes instead');

  it('is full: exit 3, the input untouched, nothing left', async () => {
    const dir = disk ?? temporaryDir();
    const input = join(dir, 'appendonly.aof');
    largeLog(input);
    const before = readFileSync(input);
    const args = [binary, 'rewrite', input, '-o', join(dir, 'out'), '--format', 'aof'];
    const filler = join(dir, 'filler');
    if (disk !== undefined) spawnSync('sh', ['-c', `head -c 100m /dev/zero > ${filler}`]);
    const command = disk === undefined ? 'trap "" XFSZ; ulimit -f 1000; exec "$@"' : 'exec "$@"';
    const result = spawnSync('sh', ['-c', command, 'sh', process.execPath, ...args], { encoding: 'latin1' });
    expect(result.status, result.stderr).toBe(3);
    expect(result.stderr).toMatch(/^aofkit: cannot write .*out: .*nothing was replaced/);
    expect(readFileSync(input).equals(before)).toBe(true);
    expect(readdirSync(dir).filter((name) => name !== 'filler')).toEqual(['appendonly.aof']);
    const inPlace = spawnSync('sh', ['-c', command, 'sh', process.execPath, binary, 'rewrite', input, '--in-place']);
    expect(inPlace.status).toBe(3);
    expect(readFileSync(input).equals(before)).toBe(true);
  });

  it.skipIf(disk === undefined && process.getuid?.() === 0)('is read-only: exit 3', () => {
    const dir = smallDisk('8m') ?? temporaryDir();
    const folder = join(dir, 'appendonlydir');
    cpSync(multiPart, folder, { recursive: true });
    const isMounted = mounted.includes(dir);
    if (isMounted) execFileSync('mount', ['-o', 'remount,ro', dir]);
    else execFileSync('chmod', ['555', folder]);
    const { status, stderr } = aofkit(['rewrite', folder, '--in-place']);
    expect(status, stderr).toBe(3);
    expect(stderr).toMatch(/read-only|permission denied/);
    const fresh = aofkit(['rewrite', plain, '-o', join(folder, 'out')]);
    expect(fresh.status).toBe(3);
    if (!isMounted) execFileSync('chmod', ['755', folder]);
  });
});
