import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BootResult, boot } from '../../src/index.ts';
import { describeWithServers, temporaryDir } from '../support/servers.ts';
import { type Files, type Folder, filesOf, type Observation, observe, writeFolder } from './folder.ts';
import { folders } from './folders.ts';

/** All folders with AOFKIT_BOOT_ALL=1, else a third of them, by AOFKIT_BOOT_SEED. */
const seed = Number(process.env.AOFKIT_BOOT_SEED ?? 1);
const share = process.env.AOFKIT_BOOT_ALL === '1' ? folders : folders.filter((_, index) => (index + seed) % 3 === 0);

const configLines = (folder: Folder): string[] =>
  Object.entries({ appendonly: 'yes', save: '""', ...folder.config }).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name} ${one}`),
  );

describe('boot: prepared folders', () => {
  it('are many', () => {
    expect(folders.length).toBeGreaterThanOrEqual(60);
    expect(new Set(folders.map(({ name }) => name)).size).toBe(folders.length);
  });
});

describeWithServers('boot: as the server does', (name) => {
  it.each(share.filter(({ servers }) => servers === undefined || servers.includes(name)))('$name', async (folder) => {
    const dir = temporaryDir();
    writeFolder(folder, dir);
    const before = filesOf(dir);
    const predicted = await boot(dir, { server: name, settings: configLines(folder), at: Date.now() });
    expect(filesOf(dir)).toEqual(before);
    const moved = Object.fromEntries(Object.keys(before).map((path) => [path, readFileSync(join(dir, path))]));
    const seen = await observe(name, dir, folder.config).catch((error: Error) => error);
    rmSync(dir, { recursive: true, force: true });
    // A crash of its own in the report of a crash can leave a server hanging.
    if (seen instanceof Error)
      expect([predicted.starts, seen.message]).toEqual([false, expect.stringContaining('did not finish')]);
    else compare(predicted, seen, moved);
  });
});

function compare(predicted: BootResult, seen: Observation, bytes: Readonly<Record<string, Buffer>>): void {
  const note = JSON.stringify({ ...predicted, settings: undefined }, null, 1) + seen.log.slice(0, 60).join('\n');
  if (predicted.certain) {
    expect(seen.starts, note).toBe(predicted.starts);
    expect(wronglyCounted(predicted, seen), note).toEqual([]);
    const grows = predicted.databases.some(({ expired }) => expired > 0);
    expect(seenFiles(seen.after, expectedFiles(predicted, seen, bytes), grows), note).toEqual(
      expectedFiles(predicted, seen, bytes),
    );
  } else expect(predicted.ok).toBe(false);
  expect(missingLine(predicted.log, seen.log), note).toBeUndefined();
}

/** Keys that are past their time go at once, or a moment later. */
function wronglyCounted({ databases }: BootResult, seen: Observation): unknown[] {
  const counted = new Set([...Object.keys(seen.keys), ...databases.map(({ database }) => String(database))]);
  return [...counted].filter((database) => {
    const { keys = 0, expired = 0 } = databases.find((one) => String(one.database) === database) ?? {};
    const found = seen.keys[database] ?? 0;
    return found > keys || found < keys - expired;
  });
}

type Expected = Record<string, { size?: number; sha?: string }>;

/** The files after the changes that were foretold; undefined for what nobody can know. */
function expectedFiles(predicted: BootResult, seen: Observation, bytes: Readonly<Record<string, Buffer>>): Expected {
  const contents: Record<string, Buffer | { size?: number }> = { ...bytes };
  for (const change of predicted.changes) {
    if (change.action === 'move') {
      contents[change.to] = contents[change.path];
      delete contents[change.path];
    } else if (change.action === 'delete') delete contents[change.path];
    else if (change.action === 'truncate') {
      const whole = contents[change.path] as Buffer;
      expect(whole.length).toBe(change.from);
      contents[change.path] = whole.subarray(0, change.size);
    } else {
      expect(change.path in contents).toBe(change.action === 'overwrite');
      contents[change.path] = change.text === undefined ? { size: change.size } : Buffer.from(change.text, 'latin1');
    }
  }
  expect(seen.before).toBeDefined();
  return Object.fromEntries(
    Object.entries(contents).map(([path, content]) => [
      path,
      Buffer.isBuffer(content)
        ? { size: content.length, sha: createHash('sha256').update(content).digest('hex') }
        : content,
    ]),
  );
}

/** What was seen, without what was not foretold in detail; `grows`: expired keys are written to the log as deleted. */
function seenFiles(after: Files, expected: Expected, grows: boolean): Expected {
  return Object.fromEntries(
    Object.entries(after).map(([path, { size, sha }]) => {
      const wanted = expected[path];
      if (grows && wanted !== undefined && size > (wanted.size ?? 0) && /incr|appendonly\.aof$/.test(path))
        return [path, wanted];
      return [
        path,
        wanted?.sha === undefined && wanted !== undefined
          ? { size: wanted.size === undefined ? undefined : size }
          : { size, sha },
      ];
    }),
  );
}

/** The first foretold line that the log does not have, in that order. */
function missingLine(predicted: readonly string[], log: readonly string[]): string | undefined {
  let from = 0;
  for (const line of predicted) {
    const at = log.findIndex((one, index) => index >= from && one.includes(line));
    if (at < 0) return line;
    from = at + 1;
  }
  return undefined;
}
