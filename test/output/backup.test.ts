/* A backup is a regular file of its own, whatever lies under the names that it could have. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { repair } from '../../src/operations/repair/repair.ts';
import { aofkit } from '../cli/run.ts';
import { command } from '../compat/comparison.ts';
import { temporaryDir } from '../support/server-process.ts';
import { once } from './hooked-file-system.ts';

const sound = command('SET', 'a', '1');
const torn = sound + command('SET', 'b', '2').slice(0, -2);

function tornFile(): string {
  const file = path.join(temporaryDir(), 'a.aof');
  fs.writeFileSync(file, torn, 'latin1');
  return file;
}

const inTheWay: Record<string, (file: string, backup: string) => void> = {
  'a symbolic link to the file': (file, backup) => fs.symlinkSync(file, backup),
  'a symbolic link by name': (file, backup) => fs.symlinkSync(path.basename(file), backup),
  'a link that leads nowhere': (file, backup) => fs.symlinkSync(`${file}.gone`, backup),
  'a hard link to the file': (file, backup) => fs.linkSync(file, backup),
  'a folder': (_, backup) => fs.mkdirSync(backup),
  'another file': (_, backup) => fs.writeFileSync(backup, 'precious'),
};

for (const [title, plant] of Object.entries(inTheWay)) {
  it.each([1, 3])(`${title}, %i of them: the backup gets the next number`, async (count) => {
    const file = tornFile();
    for (let number = 1; number <= count; number++) plant(file, `${file}.backup-${number}`);
    const result = await repair(file, { inPlace: true });
    const backup = `${file}.backup-${count + 1}`;
    expect(result).toMatchObject({ outcome: 'repaired', backups: [backup] });
    const stat = fs.lstatSync(backup);
    expect([stat.isFile(), stat.nlink, fs.readFileSync(backup, 'latin1')]).toEqual([true, 1, torn]);
    expect(fs.readFileSync(file, 'latin1')).toBe(sound);
    // Whoever writes into what was there does not write into the backup.
    if (title === 'a hard link to the file') fs.writeFileSync(`${file}.backup-1`, 'changed');
    expect(fs.readFileSync(backup, 'latin1')).toBe(torn);
    expect(fs.existsSync(`${file}.gone`)).toBe(false);
  });
}

it('of a file with a second name it is a copy', async () => {
  const file = tornFile();
  fs.linkSync(file, `${file}.second`);
  fs.chmodSync(file, 0o640);
  await repair(file, { inPlace: true });
  fs.writeFileSync(`${file}.second`, 'changed');
  expect(fs.readFileSync(`${file}.backup-1`, 'latin1')).toBe(torn);
  expect(fs.statSync(`${file}.backup-1`).mode & 0o777).toBe(0o640);
});

it('a name that is taken at the last moment is left alone', async () => {
  const file = tornFile();
  const { fs: hooked, happened } = once(
    (name, args) => name === 'linkSync' && String(args[1]).endsWith('.backup-1'),
    () => fs.symlinkSync(file, `${file}.backup-1`),
  );
  expect((await repair(file, { inPlace: true, fileSystem: hooked })).backups).toEqual([`${file}.backup-2`]);
  expect(happened()).toBe(true);
  expect(fs.readFileSync(`${file}.backup-2`, 'latin1')).toBe(torn);
});

it('repair X -o X --force keeps one like --in-place, however X is named', () => {
  const names: ((file: string) => string)[] = [
    (file) => file,
    (file) => path.join(path.dirname(file), '.', path.basename(file)),
    (file) => {
      const link = `${temporaryDir()}/link`;
      fs.symlinkSync(path.dirname(file), link);
      return path.join(link, path.basename(file));
    },
  ];
  for (const nameOf of names) {
    const file = tornFile();
    const { status, stderr } = aofkit(['repair', file, '-o', nameOf(file), '--force', '--yes']);
    expect([status, stderr]).toEqual([0, '']);
    expect(fs.readFileSync(file, 'latin1')).toBe(sound);
    expect(fs.readFileSync(`${file}.backup-1`, 'latin1')).toBe(torn);
  }
});
