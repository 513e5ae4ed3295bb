import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/aof/manifest.ts';
import {
  boot,
  check,
  convert,
  diff,
  digest,
  log,
  repair,
  restore,
  rewrite,
  UnreadableError,
  UsageError,
  verify,
} from '../../src/index.ts';
import { readSmallFile } from '../../src/io/small-file.ts';
import { manifestFaultsMax, smallFileMax } from '../../src/limits.ts';
import { readConfiguration } from '../../src/operations/boot/directives.ts';
import { temporaryDir } from '../support/servers.ts';

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** What is no regular file, or too large, by the error that it gives. */
const odd: Readonly<Record<string, (path: string) => void>> = {
  'a named pipe': (path) => execFileSync('mkfifo', [path]),
  'an endless device': (path) => fs.symlinkSync('/dev/zero', path),
  'a terminal-like device': (path) => fs.symlinkSync('/dev/ptmx', path),
  'a folder': (path) => fs.mkdirSync(path),
  'a loop of links': (path) => fs.symlinkSync(path, path),
  'a file of more than 16 MiB': (path) => fs.truncateSync(create(path), smallFileMax + 1),
  'a file below /proc that does not end': (path) => fs.symlinkSync('/proc/kmsg', path),
};

const create = (path: string): string => {
  fs.writeFileSync(path, '');
  return path;
};

const at = Date.now();
const operations: Readonly<Record<string, (path: string) => unknown>> = {
  check,
  verify,
  digest: (path) => digest(path, { at }),
  rewrite: (path) => rewrite(path, { at, output: `${path}.out` }),
  repair: (path) => repair(path),
  convert: (path) => convert([path], { at, to: 'rdb', output: `${path}.out` }),
  log: (path) => log(path, { format: 'text', onOutput: () => {} }),
  diff: (path) => diff(path, path, { at }),
  restore: (path) => restore(path, { at, output: `${path}.out`, point: { toCommand: { number: 1 } } }),
};

describe('a manifest that is no small file', () => {
  it.each(Object.keys(odd).filter((kind) => kind !== 'a loop of links'))(
    '%s is an error at once, for every operation',
    async (kind) => {
      const folder = temporaryDir();
      fs.writeFileSync(join(folder, 'a.1.incr.aof'), '');
      odd[kind](join(folder, 'a.manifest'));
      expect(() => readSmallFile(join(folder, 'a.manifest'))).toThrow(UnreadableError);
      for (const [name, operation] of Object.entries(operations)) {
        const begun = performance.now();
        await expect(
          Promise.resolve().then(() => operation(folder)),
          name,
        ).rejects.toThrow(UnreadableError);
        expect(performance.now() - begun).toBeLessThan(4000);
      }
      const data = temporaryDir();
      fs.cpSync(folder, join(data, 'appendonlydir'), {
        recursive: true,
        filter: (path) => !path.endsWith('.manifest'),
      });
      odd[kind](join(data, 'appendonlydir', 'appendonly.aof.manifest'));
      const started = boot(data, { server: 'redis-8.6', settings: ['appendonly yes'], at });
      await expect(started).rejects.toThrow(UnreadableError);
    },
  );

  it('a socket is an error', async () => {
    const path = join(temporaryDir(), 's.manifest');
    const server = net.createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(() => readSmallFile(path)).toThrow(/not a regular file/);
  });

  it('reads what a file below /proc holds, which tells no size', () => {
    expect(readSmallFile('/proc/self/status').toString()).toMatch(/^Name:/);
  });

  it('notes a bounded number of faults', () => {
    const { faults } = parseManifest(Buffer.from('bad\n'.repeat(1_000_000)));
    expect(faults.length).toBe(manifestFaultsMax);
  });
});

describe('a configuration that is no small file', () => {
  const written = (files: Record<string, string>) => {
    const folder = temporaryDir();
    for (const [name, text] of Object.entries(files))
      fs.writeFileSync(join(folder, name), text.replaceAll('DIR', folder));
    return (name: string) => join(folder, name);
  };

  it.each(Object.keys(odd))('%s', (kind) => {
    const path = written({ 'a.conf': 'include DIR/odd.conf\n' });
    odd[kind](path('odd.conf'));
    expect(() => readConfiguration(path('odd.conf'))).toThrow(UnreadableError);
  });

  it('an included pipe is an error, not a missing file', () => {
    const path = written({ 'a.conf': 'include DIR/pipe\n' });
    execFileSync('mkfifo', [path('pipe')]);
    expect(() => readConfiguration(path('a.conf'))).toThrow(/not a regular file/);
  });

  it.each([
    ['itself', { 'a.conf': 'include DIR/a.conf\n' }],
    ['itself, by another name', { 'a.conf': 'include DIR/./a.conf\n' }],
    ['what includes it', { 'a.conf': 'include DIR/b.conf\n', 'b.conf': 'include DIR/a.conf\n' }],
    ['itself by a pattern', { 'a.conf': 'include DIR/*.conf\n' }],
  ])('a file that includes %s', (_, files) => {
    const path = written(files as Record<string, string>);
    expect(() => readConfiguration(path('a.conf'))).toThrow(/includes itself/);
  });

  it('a link to itself under another name is found too', () => {
    const path = written({ 'a.conf': 'include DIR/link.conf\n' });
    fs.symlinkSync(path('a.conf'), path('link.conf'));
    expect(() => readConfiguration(path('a.conf'))).toThrow(/includes itself/);
  });

  it('a tree that doubles with every level ends with an error', () => {
    const files: Record<string, string> = { 'l17.conf': 'save ""\n' };
    for (let level = 0; level < 17; level++) files[`l${level}.conf`] = `include DIR/l${level + 1}.conf\n`.repeat(16);
    const path = written(files);
    expect(() => readConfiguration(path('l0.conf'))).toThrow(UsageError);
    expect(() => readConfiguration(path('l4.conf'))).toThrow(/includes too much/);
  });

  it('the same file may be included twice', () => {
    const path = written({ 'a.conf': 'include DIR/b.conf\ninclude DIR/b.conf\n', 'b.conf': 'appendonly yes\n' });
    expect(readConfiguration(path('a.conf')).length).toBe(2);
  });
});
