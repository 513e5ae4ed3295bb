import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { aofkit, binary } from '../cli/run.ts';
import { command } from '../compat/comparison.ts';
import { temporaryDir } from '../support/servers.ts';

const set = (key: string) => command('SET', key, 'value');
const torn = set('a') + set('b').slice(0, -3);
const holed = `${set('a')}\0\0\0\0${set('b')}`;

/** A file in a folder of its own. */
function file(text: string, name = 'a.aof'): string {
  const target = path.join(temporaryDir(), name);
  fs.writeFileSync(target, text, 'latin1');
  return target;
}

const read = (target: string) => fs.readFileSync(target, 'latin1');
const beside = (target: string) => fs.readdirSync(path.dirname(target)).sort();
const repair = (...args: string[]) => aofkit(['repair', ...args], '');

describe('aofkit repair', () => {
  it('plans by default and with --dry-run: nothing is written', () => {
    for (const flags of [[], ['--dry-run'], ['--dry-run', '--in-place', '--yes'], ['--dry-run', '-o', 'nowhere.aof']]) {
      const target = file(torn);
      const { status, stdout, stderr } = repair(target, ...flags);
      expect([status, stderr, beside(target), read(target)]).toEqual([0, '', ['a.aof'], torn]);
      for (const said of ['truncate', 'salvage', 'aof.truncated', `offset ${set('a').length}`, 'Nothing was written'])
        expect(stdout).toContain(said);
    }
  });

  it('repairs in place, keeps a backup, and has nothing to do the second time', () => {
    const target = file(torn);
    const first = repair(target, '--in-place', '--yes');
    expect([first.status, first.stderr, read(target), read(`${target}.backup-1`)]).toEqual([0, '', set('a'), torn]);
    expect(first.stdout).toContain(`${target}.backup-1`);
    expect(first.stdout).toContain(`${target}.quarantine`);
    const again = repair(target, '--in-place', '--yes');
    expect([again.status, beside(target)]).toEqual([0, ['a.aof', 'a.aof.backup-1', 'a.aof.quarantine']]);
    expect(again.stdout).toMatch(/^sound/);
  });

  it('--no-backup leaves no old file', () => {
    const target = file(torn);
    expect(repair(target, '--in-place', '--no-backup', '-y').status).toBe(0);
    expect(beside(target)).toEqual(['a.aof', 'a.aof.quarantine']);
  });

  it('-o writes elsewhere and replaces nothing unless forced', () => {
    const target = file(holed);
    const output = path.join(path.dirname(target), 'out.aof');
    expect(repair(target, '-o', output, '--yes').status).toBe(0);
    expect([read(output), read(target)]).toEqual([set('a') + set('b'), holed]);
    expect(repair(target, '-o', output, '--yes')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--force'),
    });
    expect(repair(target, '-o', output, '--yes', '--force', '--strategy', 'truncate').status).toBe(0);
    expect(read(output)).toBe(set('a'));
  });

  it('refuses to write without a terminal and without --yes', () => {
    const target = file(torn);
    const { status, stderr } = repair(target, '--in-place');
    expect([status, beside(target), read(target)]).toEqual([2, ['a.aof'], torn]);
    expect(stderr).toContain('--yes');
    expect(stderr).toContain('--dry-run');
    // Where there is nothing to write there is nothing to ask.
    expect(repair(file(set('a')), '--in-place').status).toBe(0);
  });

  it('1: not wholly repairable, and what would help', () => {
    const target = file(set('a') + command('F\x01O') + set('b'));
    const plan = repair(target);
    expect(plan.status).toBe(1);
    expect(plan.stdout).toContain('aof.command.unknown');
    expect(plan.stdout).toContain('--drop-unknown');
    expect(plan.stdout).not.toMatch(/^sound/);
    expect(repair(target, '--in-place', '--yes', '--drop-unknown').status).toBe(0);
    expect(read(target)).toBe(set('a') + set('b'));
    expect(repair(file('*1\r\n$4\r\nPI'), '--in-place', '--yes').status).toBe(1);
  });

  it('--rename-command, in any case of letters', () => {
    const target = file(set('a') + command('wipe'));
    expect(repair(target, '--rename-command', 'FLUSHALL=WIPE', '--in-place', '-y').status).toBe(0);
    expect(read(target)).toBe(set('a') + command('FLUSHALL'));
  });

  it('2: wrong usage', () => {
    const target = file(torn);
    for (const flags of [
      ['-o', 'x', '--in-place'],
      ['--strategy', 'hope'],
      ['--duplicates', 'both'],
      ['--rename-command', 'X'],
      ['--nonsense'],
    ]) {
      expect([flags, repair(target, ...flags, '--yes').status]).toEqual([flags, 2]);
    }
    expect(repair().status).toBe(2);
    expect(beside(target)).toEqual(['a.aof']);
  });

  it('3: cannot read or write, and nothing is replaced', () => {
    const target = file(torn);
    const none = path.join(path.dirname(target), 'none', 'x');
    expect(repair(none)).toMatchObject({ status: 3, stderr: expect.stringContaining(none) });
    const unwritable = repair(target, '-o', none, '--yes');
    expect([unwritable.status, unwritable.stderr]).toEqual([3, expect.stringContaining('nothing was replaced')]);
    expect([beside(target), read(target)]).toEqual([['a.aof'], torn]);
  });

  it('70: a bug, and nothing is replaced', () => {
    const target = file(torn);
    const broken = 'data:text/javascript,JSON.stringify=()=>{throw new TypeError("broken")}';
    const args = ['--import', broken, binary, 'repair', target, '--in-place', '--yes'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', input: '' });
    expect([status, stderr]).toEqual([70, expect.stringContaining('bug of aofkit')]);
    expect([read(target), beside(target)]).toEqual([torn, ['a.aof']]);
  });

  it('--json: one object with the plan and the result', () => {
    const target = file(holed);
    const { status, stdout, stderr } = repair(target, '--in-place', '--yes', '--json');
    expect([status, stderr]).toEqual([0, '']);
    const { ok, results } = JSON.parse(stdout);
    const size = set('a').length;
    const tally = { bytesKept: 2 * size, bytesLost: 4, commandsKept: 2, commandsLost: 0, keysKept: 0, keysLost: 0 };
    expect({ ok, results }).toEqual({
      ok: true,
      results: [
        {
          path: target,
          ok: true,
          outcome: 'repaired',
          plan: {
            path: target,
            layout: 'aof',
            strategy: 'salvage',
            sound: false,
            strategies: {
              truncate: { ...tally, bytesKept: size, bytesLost: size + 4, commandsKept: 1, commandsLost: 1 },
              salvage: tally,
            },
            files: [
              {
                path: target,
                role: 'file',
                format: 'aof',
                size: 2 * size + 4,
                action: 'rewrite',
                regions: [
                  {
                    offset: size,
                    length: 4,
                    code: 'aof.header.prefix',
                    reason: expect.any(String),
                    action: 'quarantine',
                    damage: true,
                    commands: 0,
                    keys: 0,
                    touched: ['a', 'b'],
                  },
                ],
                tally,
                unresolved: [],
                reasons: [],
              },
            ],
          },
          written: [{ path: target, bytes: 2 * size }],
          backups: [`${target}.backup-1`],
          quarantine: `${target}.quarantine`,
          notes: [],
          findings: [],
        },
      ],
    });
    expect(JSON.parse(repair(target, '--json').stdout).results[0].outcome).toBe('sound');
  });

  it('a folder: parts behind a cut go to quarantine, orphans are adopted', () => {
    const dir = path.join(temporaryDir(), 'aof');
    fs.mkdirSync(dir);
    const write = (name: string, text: string) => fs.writeFileSync(path.join(dir, name), text, 'latin1');
    write('p.manifest', 'file p.1.incr.aof seq 1 type i\nfile p.2.incr.aof seq 2 type i\n');
    write('p.1.incr.aof', torn);
    write('p.2.incr.aof', set('c'));
    write('p.3.incr.aof', set('d'));
    const { status, stdout } = repair(dir, '--strategy', 'truncate', '--dry-run');
    // A part that the manifest names would not be kept.
    expect([status, stdout]).toEqual([1, expect.stringContaining('put into quarantine whole')]);
    expect(stdout).toContain('missing  p.2.incr.aof is not kept');
    expect(repair(dir, '--adopt', '--in-place', '--yes').status).toBe(0);
    expect(read(path.join(dir, 'p.manifest'))).toContain('p.3.incr.aof');
    expect(aofkit(['check', dir]).status).toBe(0);
    const output = `${dir}-new`;
    expect(repair(dir, '-o', output, '--yes').status).toBe(0);
    expect(aofkit(['check', output]).status).toBe(0);
  });
});

/** Runs the command line on a terminal of its own and answers its question. */
const terminal = `
import os, pty, sys
answer, args = sys.argv[1].encode().decode('unicode_escape').encode(), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(args[0], args)
said, asked = b'', False
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    said += data
    if not asked and b'[y/N]' in said:
        asked = True
        os.write(fd, answer)
os.write(1, said)
status = os.waitpid(pid, 0)[1]
sys.exit(status >> 8 if status & 127 == 0 else 128 + (status & 127))
`;
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;
if (!hasPython) process.stderr.write('SKIPPED: repair on a terminal: python3 with its module pty makes one\n');

describe.skipIf(!hasPython)('aofkit repair on a terminal', () => {
  const onTerminal = (answer: string, ...args: string[]) => {
    const run = spawnSync('python3', ['-c', terminal, answer, process.execPath, binary, 'repair', ...args], {
      encoding: 'latin1',
    });
    return { status: run.status, said: run.stdout };
  };

  it.each(['y\\n', 'YES\\n'])('asks, and %s is a yes', (answer) => {
    const target = file(torn);
    const { status, said } = onTerminal(answer, target, '--in-place');
    expect([status, read(target)]).toEqual([0, set('a')]);
    expect(said.indexOf('aof.truncated')).toBeLessThan(said.indexOf('[y/N]'));
    expect(said.indexOf('aof.truncated')).toBeGreaterThan(0);
  });

  it.each(['n\\n', '\\n', 'yess\\n', '\\x03', '\\x04'])('%j is a no', (answer) => {
    const target = file(torn);
    const { status, said } = onTerminal(answer, target, '--in-place');
    expect([status, said.includes('[y/N]'), beside(target), read(target)]).toEqual([1, true, ['a.aof'], torn]);
  });

  it('does not ask with --yes, for a plan, or where nothing is to do', () => {
    const target = file(torn);
    expect(onTerminal('n\\n', target)).toMatchObject({ status: 0, said: expect.not.stringContaining('[y/N]') });
    for (let round = 0; round < 2; round++) {
      const { status, said } = onTerminal('n\\n', target, '--in-place', ...(round === 0 ? ['--yes'] : []));
      expect([status, said.includes('[y/N]')]).toEqual([0, false]);
    }
  });
});
