/*
 * Who may read what is written: never more than may read what it was made from, whatever the umask. The built command line, as root and
 * as another user.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { binary } from '../cli/run.ts';
import { command } from '../compat/comparison.ts';
import { temporaryDir } from '../support/server-process.ts';

const isRoot = process.geteuid?.() === 0;
const log = command('SET', 'a', '1') + command('SET', 'a', '2');
const torn = log + command('SET', 'b', '3').slice(0, -2);
const stranger = 65534;
const group = 12345;

/** Root first; another user where there is root to become it, and where that user can read this project. */
const users: Record<string, number | undefined> = { 'the user of this test': undefined };
if (isRoot && canRead(stranger)) users['another user'] = stranger;
else if (isRoot) process.stderr.write('SKIPPED: permissions as another user: it cannot read this project\n');

function canRead(uid: number): boolean {
  const { status } = spawnSync(process.execPath, [binary, '--version'], { uid, gid: uid, env: { HOME: '/nowhere' } });
  return status === 0;
}

function run(args: readonly string[], umask: string, uid: number | undefined, input?: string): void {
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', `umask ${umask}; exec "$0" "$@"`, process.execPath, binary, ...args],
    {
      ...(uid === undefined ? {} : { uid, gid: uid }),
      input,
      encoding: 'latin1',
      env: { ...process.env, HOME: '/nowhere' },
    },
  );
  expect([status, stderr], args.join(' ')).toEqual([0, expect.not.stringContaining('cannot')]);
}

/** A folder that the user may write to. */
function folder(uid: number | undefined): string {
  const dir = temporaryDir();
  if (uid !== undefined) fs.chownSync(dir, uid, uid);
  return dir;
}

function inputFile(dir: string, mode: number, uid: number | undefined, text = log): string {
  const file = path.join(dir, 'a.aof');
  fs.writeFileSync(file, text, 'latin1');
  if (uid !== undefined) fs.chownSync(file, uid, uid);
  fs.chmodSync(file, mode);
  return file;
}

const modeOf = (file: string) => fs.statSync(file).mode & 0o777;
const umasks = ['000', '022', '077'];
const modes = [0o600, 0o640, 0o644, 0o666];

describe.each(Object.entries(users))('%s', (_, uid) => {
  describe.each(umasks)('umask %s', (umask) => {
    const masked = (mode: number) => mode & ~Number.parseInt(umask, 8);

    it('a new output has the mode of its input, less the umask', () => {
      for (const mode of modes) {
        const dir = folder(uid);
        const file = inputFile(dir, mode, uid);
        const out = (name: string) => path.join(dir, name);
        run(['rewrite', file, '-o', out('rewritten')], umask, uid);
        run(['convert', file, '--to', 'rdb', '-o', out('converted')], umask, uid);
        run(['repair', file, '-o', out('repaired'), '--yes'], umask, uid);
        for (const name of ['rewritten', 'converted', 'repaired'])
          expect([name, modeOf(out(name))]).toEqual([name, masked(mode)]);
        run(['convert', file, '--to', 'multipart', '-o', out('parts')], umask, uid);
        const parts = fs.readdirSync(out('parts')).map((name) => modeOf(path.join(out('parts'), name)));
        expect(parts).toEqual(parts.map(() => masked(mode)));
        expect(modeOf(out('parts'))).toBe(masked(mode) | ((masked(mode) & 0o444) >> 2));
      }
    });

    it('in place it has the mode that it had, and so has its backup; a quarantine is private', () => {
      for (const mode of modes) {
        const dir = folder(uid);
        const file = inputFile(dir, mode, uid, torn);
        run(['repair', file, '--in-place', '--yes'], umask, uid);
        expect([modeOf(file), modeOf(`${file}.backup-1`)]).toEqual([mode, mode]);
        expect(modeOf(`${file}.quarantine`)).toBe(0o700);
        for (const name of fs.readdirSync(`${file}.quarantine`))
          expect(modeOf(path.join(`${file}.quarantine`, name))).toBe(0o600);
        run(['rewrite', file, '--in-place'], umask, uid);
        expect(modeOf(file)).toBe(mode);
      }
    });

    it('a folder that others may not enter gives nothing that they may read', () => {
      const dir = folder(uid);
      const aof = path.join(dir, 'appendonlydir');
      fs.cpSync(path.join(goldenDir('redis-7.0-multipart-rdb-base'), 'appendonlydir'), aof, { recursive: true });
      for (const name of ['', ...fs.readdirSync(aof)])
        if (uid !== undefined) fs.chownSync(path.join(aof, name), uid, uid);
      fs.chmodSync(aof, 0o700);
      run(['rewrite', aof, '-o', path.join(dir, 'all.rdb'), '--format', 'rdb'], umask, uid);
      run(['rewrite', aof, '-o', path.join(dir, 'parts')], umask, uid);
      expect([modeOf(path.join(dir, 'all.rdb')), modeOf(path.join(dir, 'parts'))]).toEqual([0o600, 0o700]);
    });
  });

  it('several inputs: what all of them allow', () => {
    const dir = folder(uid);
    const secret = inputFile(dir, 0o600, uid);
    const open = path.join(dir, 'b.aof');
    fs.renameSync(inputFile(folder(uid), 0o644, uid, command('SET', 'b', '1')), open);
    run(['convert', open, secret, '--to', 'rdb', '-o', path.join(dir, 'merged.rdb')], '000', uid);
    expect(modeOf(path.join(dir, 'merged.rdb'))).toBe(0o600);
  });

  it('an output that is replaced is not wider than the input', () => {
    const dir = folder(uid);
    const out = path.join(dir, 'out');
    fs.writeFileSync(out, 'old', { mode: 0o666 });
    fs.chmodSync(out, 0o666);
    run(['rewrite', inputFile(dir, 0o600, uid), '-o', out, '--force'], '000', uid);
    expect(modeOf(out)).toBe(0o600);
  });

  it('standard input: the user alone', () => {
    const dir = folder(uid);
    run(['convert', '-', '--to', 'rdb', '-o', path.join(dir, 'out')], '000', uid, log);
    expect(modeOf(path.join(dir, 'out'))).toBe(0o600);
  });
});

describe.skipIf(!isRoot)('owners', () => {
  const owned = (mode: number, text = log) => {
    const file = inputFile(temporaryDir(), mode, undefined, text);
    fs.chownSync(file, stranger, group);
    fs.chmodSync(file, mode);
    return file;
  };
  const ownerOf = (file: string) => [fs.statSync(file).uid, fs.statSync(file).gid];

  it('root gives what is written to the owner of the input', () => {
    const file = owned(0o640, torn);
    run(['repair', file, '--in-place', '--yes'], '022', undefined);
    run(['rewrite', file, '-o', `${file}.new`], '022', undefined);
    run(['convert', file, '--to', 'multipart', '-o', `${file}.parts`], '022', undefined);
    const parts = fs.readdirSync(`${file}.parts`).map((name) => path.join(`${file}.parts`, name));
    for (const written of [file, `${file}.backup-1`, `${file}.quarantine`, `${file}.new`, `${file}.parts`, ...parts]) {
      expect([written, ownerOf(written)]).toEqual([written, [stranger, group]]);
    }
    expect([modeOf(`${file}.new`), modeOf(`${file}.parts`)]).toEqual([0o640, 0o750]);
  });

  it('of two owners root makes nobody the owner of what both had', () => {
    const file = owned(0o644);
    const other = inputFile(temporaryDir(), 0o644, undefined, command('SET', 'b', '1'));
    run(['convert', file, other, '--to', 'rdb', '-o', `${file}.merged`], '000', undefined);
    expect([ownerOf(`${file}.merged`)[0], modeOf(`${file}.merged`)]).toEqual([0, 0o600]);
  });

  it('a user who may not give it the group does not give the rights of the group to another', () => {
    if (!('another user' in users)) return;
    const dir = folder(stranger);
    const file = inputFile(dir, 0o640, stranger);
    fs.chownSync(file, stranger, group);
    fs.chmodSync(file, 0o640);
    run(['rewrite', file, '-o', path.join(dir, 'new')], '000', stranger);
    run(['rewrite', file, '--in-place'], '000', stranger);
    expect([modeOf(path.join(dir, 'new')), modeOf(file)]).toEqual([0o600, 0o600]);
  });
});

const python = (code: string, file: string) => spawnSync('python3', ['-c', code, file], { encoding: 'utf8' });
const hasAttributes = () => {
  const file = path.join(temporaryDir(), 'x');
  fs.writeFileSync(file, '');
  const can = python("import os,sys; os.setxattr(sys.argv[1], 'user.probe', b'1')", file).status === 0;
  return (
    can &&
    fs.existsSync('/usr/bin/cp') &&
    spawnSync('/usr/bin/cp', ['--version'], { encoding: 'utf8' }).stdout.includes('GNU')
  );
};

it.skipIf(!hasAttributes())('in place, extended attributes stay, and the time is new', () => {
  const file = inputFile(temporaryDir(), 0o640, undefined);
  fs.utimesSync(file, 1000, 1000);
  python("import os,sys; os.setxattr(sys.argv[1], 'user.origin', b'backup 7')", file);
  run(['rewrite', file, '--in-place'], '022', undefined);
  expect(python("import os,sys; print(os.getxattr(sys.argv[1], 'user.origin').decode())", file).stdout).toBe(
    'backup 7\n',
  );
  expect(fs.statSync(file).mtimeMs).toBeGreaterThan(1_000_000);
});

it('a folder that the user may not enter is no bug of any command', () => {
  if (!('another user' in users)) return;
  const dir = temporaryDir();
  const file = path.join(dir, 'a.aof');
  fs.writeFileSync(file, log, 'latin1');
  const open = folder(stranger);
  const output = (name: string) => ['-o', path.join(open, name)];
  const calls = [
    ['check', file],
    ['verify', file],
    ['digest', file],
    ['log', file],
    ['keys', file],
    ['get', file, 'a'],
    ['export', file],
    ['memory', file],
    ['diff', file, file],
    ['boot', dir],
    ['repair', file],
    ['repair', file, '--in-place', '--yes'],
    ['rewrite', file, ...output('b')],
    ['rewrite', inputFile(open, 0o600, stranger), '-o', path.join(dir, 'b')],
    ['convert', file, '--to', 'rdb', ...output('c')],
    ['restore', file, '--to-command', '1', ...output('d')],
  ];
  for (const args of calls) {
    const options = {
      uid: stranger,
      gid: stranger,
      encoding: 'latin1',
      env: { ...process.env, HOME: '/nowhere' },
    } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], options);
    expect({ args, status, told: /permission denied/.test(stdout + stderr) }).toEqual({ args, status: 3, told: true });
  }
});
