import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir, readProvenance } from '../../fixtures/generate/golden.ts';
import { temporaryDir } from '../support/servers.ts';
import { aofkit, binary, repository, sample } from './run.ts';

const golden = (name: string) => path.join(goldenDir(name), readProvenance(name).path);
const soundRdb = golden('redis-8.6-rdb');
const torn = path.join(sample, 'torn.aof');

describe('aofkit', () => {
  it('tells its version and its commands', () => {
    expect(aofkit(['--version']).stdout).toMatch(/^aofkit\/\d+\.\d+\.\d+ /);
    const help = aofkit(['--help']).stdout;
    for (const command of ['check', 'verify', 'digest', 'rewrite']) expect(help).toContain(command);
  });

  it.each(['check', 'verify', 'digest', 'rewrite'])('%s has help with examples and exit status', (command) => {
    const { status, stdout } = aofkit([command, '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('EXAMPLES');
    expect(stdout).toContain('Exit status');
  });

  it('takes the path behind flags that may be given several times', () => {
    const output = path.join(temporaryDir(), 'out.rdb');
    expect(aofkit(['rewrite', '--key', '*', '--type', 'string', soundRdb, '-o', output])).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('answers wrong usage with 2', () => {
    expect(aofkit(['check']).status).toBe(2);
    expect(aofkit(['check', '--nonsense', torn]).status).toBe(2);
    expect(aofkit(['nonsense']).status).toBe(2);
  });
});

describe('bin/dev.js', () => {
  it('runs from the sources, and not from a build that may be there', () => {
    const root = temporaryDir();
    for (const name of ['bin', 'commands', 'src', 'package.json', 'node_modules'])
      fs.symlinkSync(path.join(repository, name), path.join(root, name));
    // A build that does not work, with a manifest that leads to it.
    fs.mkdirSync(path.join(root, 'dist', 'commands'), { recursive: true });
    fs.writeFileSync(path.join(root, 'dist', 'commands', 'check.js'), 'throw new Error("the build was loaded")');
    fs.copyFileSync(path.join(repository, 'oclif.manifest.json'), path.join(root, 'oclif.manifest.json'));
    const dev = path.join(root, 'bin', 'dev.js');
    const run = spawnSync(
      process.execPath,
      ['--preserve-symlinks', '--preserve-symlinks-main', dev, 'check', soundRdb],
      { encoding: 'utf8' },
    );
    expect([run.status, run.stderr]).toEqual([0, '']);
  });
});

describe('aofkit check', () => {
  it('exits with 0, 1 and 3', () => {
    expect(aofkit(['check', soundRdb])).toMatchObject({ status: 0, stderr: '' });
    const bad = aofkit(['check', torn]);
    expect(bad).toMatchObject({ status: 1, stderr: '' });
    expect(bad.stdout).toMatch(/aof\.truncated at offset 1267/);
    const missing = aofkit(['check', path.join(sample, 'nothing')]);
    expect(missing).toMatchObject({ status: 3, stdout: '' });
    expect(missing.stderr).toMatch(/no such file/);
    expect(aofkit(['check', torn, path.join(sample, 'nothing')]).status).toBe(3);
  });

  it('prints one JSON object of a stable shape', () => {
    const { status, stdout, stderr } = aofkit(['check', '--json', soundRdb, torn]);
    expect([status, stderr]).toEqual([1, '']);
    const report = JSON.parse(stdout);
    expect(Object.keys(report)).toEqual(['ok', 'results']);
    expect(report.results.map((result: { ok: boolean }) => result.ok)).toEqual([true, false]);
    for (const result of report.results) {
      expect(Object.keys(result)).toEqual(['path', 'layout', 'ok', 'files', 'passedOver', 'findings', 'summary']);
    }
    expect(report.results[1].findings[0]).toMatchObject({
      severity: 'error',
      code: 'aof.truncated',
      file: torn,
      offset: 1267,
      repairable: true,
      advice: expect.stringContaining('short read while loading the AOF file'),
    });
  });

  it('reads standard input', () => {
    expect(aofkit(['check', '-'], fs.readFileSync(soundRdb)).status).toBe(0);
    expect(aofkit(['check', '-'], fs.readFileSync(torn)).status).toBe(1);
  });

  it('lets warnings count with --strict', () => {
    const file = path.join(temporaryDir(), 'dump.rdb');
    fs.writeFileSync(file, Buffer.concat([fs.readFileSync(soundRdb), Buffer.from('left over')]));
    expect(aofkit(['check', file]).status).toBe(0);
    expect(aofkit(['check', '--strict', file]).status).toBe(1);
  });

  it('uses colours only where it should', () => {
    const colour = '\x1b[';
    expect(aofkit(['check', torn]).stdout).not.toContain(colour);
    expect(aofkit(['check', torn], undefined, { FORCE_COLOR: '1' }).stdout).toContain(colour);
    expect(aofkit(['check', torn], undefined, { FORCE_COLOR: '1', NO_COLOR: '1' }).stdout).not.toContain(colour);
  });

  it('ends quietly when its reader goes away', () => {
    const paths = Array.from({ length: 400 }, () => `"${torn}"`).join(' ');
    const script = `set -o pipefail; "${process.execPath}" "${binary}" check ${paths} | head -c 100 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect([stdout.trim(), stderr]).toEqual(['0', '']);
  });

  it('says that a folder may not be read', () => {
    const dir = temporaryDir();
    fs.chmodSync(dir, 0);
    // Root may read everything unless it gives that up first.
    const drop = [
      'setpriv',
      '--bounding-set=-dac_override,-dac_read_search',
      '--inh-caps=-dac_override,-dac_read_search',
    ];
    const command = [...(process.getuid?.() === 0 ? drop : []), process.execPath, binary, 'check', dir];
    const { status, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
    fs.chmodSync(dir, 0o700);
    expect([status, stderr]).toEqual([3, expect.stringContaining('permission denied')]);
  });

  it('gives up on a named pipe that nobody writes to, and reads one that somebody does', () => {
    const fifo = path.join(temporaryDir(), 'fifo');
    spawnSync('mkfifo', [fifo]);
    const read = spawnSync('bash', [
      '-c',
      `cat "${soundRdb}" > "${fifo}" & "${process.execPath}" "${binary}" check "${fifo}"`,
    ]);
    expect(read.status).toBe(0);
    expect(aofkit(['check', fifo])).toMatchObject({ status: 3, stderr: expect.stringContaining('nobody writes') });
  });
});

describe('aofkit verify', () => {
  it('tells ok, mismatch, disabled, absent and none', () => {
    const dir = temporaryDir();
    const bytes = fs.readFileSync(soundRdb);
    const flipped = Buffer.from(bytes);
    flipped[bytes.length - 1] ^= 1;
    const zero = Buffer.from(bytes);
    zero.fill(0, bytes.length - 8);
    for (const [name, content] of Object.entries({ flipped, zero })) fs.writeFileSync(path.join(dir, name), content);
    const run = aofkit([
      'verify',
      '--json',
      soundRdb,
      path.join(dir, 'flipped'),
      path.join(dir, 'zero'),
      golden('built-v1-plain'),
      torn,
    ]);
    const states = JSON.parse(run.stdout).results.map(
      (result: { files: { checksum: { state: string } }[] }) => result.files[0].checksum.state,
    );
    expect([run.status, states]).toEqual([1, ['ok', 'mismatch', 'disabled', 'absent', 'absent']]);
  });

  it('says the same with --quick', () => {
    const plain = JSON.parse(aofkit(['verify', '--json', soundRdb]).stdout).results[0].files;
    const quick = JSON.parse(aofkit(['verify', '--json', '--quick', soundRdb]).stdout).results[0].files;
    expect(quick).toEqual(plain);
  });

  it('says so with --quick of an RDB with commands behind it, or with no checksum', () => {
    const hybrid = golden('redis-6.0-aof-hybrid');
    const zero = path.join(temporaryDir(), 'zero');
    const bytes = fs.readFileSync(soundRdb);
    fs.writeFileSync(zero, bytes.fill(0, bytes.length - 8));
    for (const file of [hybrid, zero]) {
      const [plain, quick] = [['--json'], ['--json', '--quick']].map((flags) => aofkit(['verify', ...flags, file]));
      expect(JSON.parse(quick.stdout).results).toEqual(JSON.parse(plain.stdout).results);
      expect(quick.status).toBe(0);
    }
  });
});
