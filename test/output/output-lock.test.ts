/* Two runs of aofkit on one output: one of them writes, whichever host, container or thread it is in. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { OutputLock } from '../../src/io/output-lock.ts';
import { ownIdentity, type ProcessIdentity } from '../../src/io/process-identity.ts';
import { rewrite } from '../../src/operations/rewrite/rewrite.ts';
import { command } from '../compat/comparison.ts';
import { temporaryDir } from '../support/server-process.ts';
import { once } from './hooked-file-system.ts';

const log = command('SET', 'a', '1');
const lockOf = (output: string) => path.join(path.dirname(output), `.${path.basename(output)}.aofkit-lock`);

/** Leaves a lock as a process with that identity would, so many seconds ago, and what it says that it made. */
function leaveLock(output: string, process: ProcessIdentity, secondsAgo: number, made: readonly object[] = []): void {
  const head = { process, token: '00', made: `.${path.basename(output)}.aofkit-00.lock` };
  const lines = [head, ...made].map((line) => `${JSON.stringify(line)}\n`);
  fs.writeFileSync(lockOf(output), lines.join(''), { mode: 0o600 });
  const moment = fs.statSync(lockOf(output)).mtimeMs / 1000 - secondsAgo;
  fs.utimesSync(lockOf(output), moment, moment);
}

const output = () => path.join(temporaryDir(), 'a.aof');

it('is held by one, and can be had again once it is released', () => {
  const place = output();
  const first = OutputLock.acquire(place);
  expect(() => OutputLock.acquire(place)).toThrow(UsageError);
  expect(fs.statSync(lockOf(place)).mode & 0o777).toBe(0o600);
  first.release();
  OutputLock.acquire(place).release();
  expect(fs.readdirSync(path.dirname(place))).toEqual([]);
});

it('two rewrites in place: the second is refused while the first writes', async () => {
  const place = output();
  fs.writeFileSync(place, log, 'latin1');
  let second: Promise<unknown> | undefined;
  const { fs: hooked } = once(
    (name, args) => name === 'renameSync' && String(args[0]).endsWith('.tmp'),
    () => {
      second = rewrite(place, { at: 0, inPlace: true }).catch((error) => error);
    },
  );
  expect(await rewrite(place, { at: 0, inPlace: true, fileSystem: hooked })).toMatchObject({ outcome: 'written' });
  expect(await second).toBeInstanceOf(UsageError);
  expect(String(await second)).toMatch(new RegExp(`process ${process.pid} `));
});

const other: Record<string, { readonly change: Partial<ProcessIdentity>; readonly isHeld: (age: number) => boolean }> =
  {
    'the same process, another thread': { change: { thread: 77 }, isHeld: () => true },
    'the same process, a run that is gone': { change: {}, isHeld: () => false },
    'the same number, started at another time': { change: { start: '1' }, isHeld: () => false },
    'no process': { change: { pid: 4_194_999 }, isHeld: () => false },
    'another container': { change: { namespace: 'pid:[1]' }, isHeld: (age) => age < 60 },
    'another host, or before a restart': { change: { boot: 'another' }, isHeld: (age) => age < 60 },
  };

for (const [title, { change, isHeld }] of Object.entries(other)) {
  it.each([0, 120])(`of ${title}, written to %i seconds ago`, (age) => {
    const place = output();
    leaveLock(place, { ...ownIdentity(), ...change }, age);
    const take = () => OutputLock.acquire(place).release();
    if (isHeld(age)) expect(take).toThrow(UsageError);
    else expect(take).not.toThrow();
    expect(fs.readdirSync(path.dirname(place)).length).toBe(isHeld(age) ? 1 : 0);
  });
}

it('of another process, as long as it runs', async () => {
  const place = output();
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const stat = fs.readFileSync(`/proc/${child.pid}/stat`, 'latin1');
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  leaveLock(place, { ...ownIdentity(), pid: child.pid ?? 0, start }, 3600);
  expect(() => OutputLock.acquire(place)).toThrow(UsageError);
  child.stdin.end();
  await ended;
  OutputLock.acquire(place).release();
});

it('what a lock of another user, a readable one or a link says is not done', () => {
  const place = output();
  const dir = path.dirname(place);
  const gone = { ...ownIdentity(), pid: 4_194_999 };
  fs.writeFileSync(path.join(dir, '.precious'), 'precious');
  const made = [{ kind: 'file', name: '.precious' }];
  const spoilers: (() => void)[] = [
    () => fs.chmodSync(lockOf(place), 0o644),
    () => fs.linkSync(lockOf(place), path.join(dir, 'second-name')),
  ];
  if (process.geteuid?.() === 0) spoilers.push(() => fs.chownSync(lockOf(place), 65534, 65534));
  for (const spoil of spoilers) {
    leaveLock(place, gone, 0, made);
    spoil();
    OutputLock.acquire(place).release();
    expect(fs.existsSync(path.join(dir, '.precious'))).toBe(true);
  }
  leaveLock(`${place}.other`, gone, 0, made);
  fs.symlinkSync(lockOf(`${place}.other`), lockOf(place));
  expect(() => OutputLock.acquire(place)).toThrow(/in the way/);
  expect(fs.existsSync(path.join(dir, '.precious'))).toBe(true);
});

it('a lock of ours names names, and no paths', () => {
  const place = output();
  const dir = path.dirname(place);
  const outside = path.join(temporaryDir(), 'victim');
  fs.writeFileSync(outside, 'precious');
  const up = path.relative(dir, outside);
  fs.mkdirSync(path.join(dir, 'sub'));
  fs.writeFileSync(path.join(dir, 'sub', 'x'), 'precious');
  const { dev, ino } = fs.statSync(path.join(dir, 'sub'), { bigint: true });
  const identity = { device: String(dev), inode: String(ino) };
  leaveLock(place, { ...ownIdentity(), pid: 4_194_999 }, 0, [
    { kind: 'file', name: up },
    { kind: 'file', name: '..' },
    { kind: 'file', name: 'sub' },
    { kind: 'folder', name: 'sub', identity: { ...identity, inode: '1' } },
    { kind: 'entry', folder: 'sub', name: 'x' },
    { kind: 'entry', folder: 'sub', name: `../${up}` },
  ]);
  OutputLock.acquire(place).release();
  expect([fs.existsSync(outside), fs.existsSync(path.join(dir, 'sub', 'x'))]).toEqual([true, true]);
});

it('who has lost it replaces nothing', async () => {
  const place = output();
  fs.writeFileSync(place, log + log, 'latin1');
  // Another run takes it over, since this one was silent for long: on a host where it cannot be looked up.
  const { fs: hooked, happened } = once(
    (name, args) => name === 'fsyncSync' && fs.fstatSync(Number(args[0])).isFile(),
    () => {
      fs.unlinkSync(lockOf(place));
      leaveLock(place, { ...ownIdentity(), boot: 'another' }, 0);
    },
  );
  await expect(rewrite(place, { at: 0, inPlace: true, fileSystem: hooked })).rejects.toThrow(/another aofkit/);
  expect(happened()).toBe(true);
  expect(fs.readFileSync(place, 'latin1')).toBe(log + log);
  expect(fs.existsSync(lockOf(place))).toBe(true);
});
