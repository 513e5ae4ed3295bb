/* Conversions that change a layout and nothing else: byte for byte, forth and back. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { type ConvertOptions, type ConvertResult, convert, digest } from '../../src/index.ts';
import { temporaryDir } from '../support/servers.ts';

const at = Date.UTC(2026, 10, 20);

async function converted(
  path: string,
  options: Partial<ConvertOptions> & Pick<ConvertOptions, 'to'>,
): Promise<{ output: string; result: ConvertResult }> {
  const output = join(temporaryDir(), options.to === 'multipart' ? 'appendonlydir' : 'appendonly.aof');
  const result = await convert(path, { output, at, ...options });
  expect(result.reason).toBe('');
  return { output, result };
}

const command = (...args: string[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;

/** A multi-part AOF of these parts; the first is the base if it has a base's name. */
function folder(parts: Record<string, string | Buffer>): string {
  const dir = join(temporaryDir(), 'appendonlydir');
  mkdirSync(dir);
  const lines = Object.entries(parts).map(([name, bytes]) => {
    writeFileSync(join(dir, name), bytes);
    const [, sequence, kind] = /\.(\d+)\.(base|incr)\./.exec(name) as RegExpExecArray;
    return `file ${name} seq ${sequence} type ${kind === 'base' ? 'b' : 'i'}\n`;
  });
  writeFileSync(join(dir, 'appendonly.aof.manifest'), lines.join(''));
  return dir;
}

const contents = (dir: string) =>
  Object.fromEntries(
    readdirSync(dir)
      .sort()
      .map((name) => [name, readFileSync(join(dir, name))]),
  );
const hybrid = join(goldenDir('redis-6.0-aof-hybrid'), 'appendonly.aof');
const plain = join(goldenDir('redis-6.0-aof-plain'), 'appendonly.aof');

describe('hybrid and multi-part', () => {
  it('splits at the end of the preamble, and joins to the same bytes', async () => {
    const { output, result } = await converted(hybrid, { to: 'multipart' });
    const bytes = readFileSync(hybrid);
    const files = contents(output);
    expect(Object.keys(files)).toEqual([
      'appendonly.aof.1.base.rdb',
      'appendonly.aof.1.incr.aof',
      'appendonly.aof.manifest',
    ]);
    const base = files['appendonly.aof.1.base.rdb'];
    const incr = files['appendonly.aof.1.incr.aof'];
    expect(Buffer.concat([base, incr]).equals(bytes)).toBe(true);
    expect(incr[0]).toBe(0x2a);
    expect(files['appendonly.aof.manifest'].toString()).toBe(
      'file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
    );
    expect(result.road).toBe('copied');
    const back = await converted(output, { to: 'hybrid' });
    expect(readFileSync(back.output).equals(bytes)).toBe(true);
  });

  it('writes the manifest as the target does', async () => {
    const { output } = await converted(hybrid, { to: 'multipart', target: 'redis-8.0' });
    const manifest = readFileSync(join(output, 'appendonly.aof.manifest'), 'latin1');
    expect(manifest).toContain('incr.aof seq 1 type i startoffset 0\n');
  });

  it('keeps the parts under their names, and leaves history behind', async () => {
    const source = join(goldenDir('redis-7.0-multipart-many'), 'appendonlydir');
    const { output } = await converted(source, { to: 'multipart' });
    const [expected, found] = [contents(source), contents(output)];
    const manifest = 'appendonly.aof.manifest';
    const lines = expected[manifest].toString().replace(/^.* type h\n/gm, '');
    expect(found[manifest].toString()).toBe(lines);
    const names = Object.keys(found).filter((name) => name !== manifest);
    expect(names.length).toBe(4);
    for (const name of names) expect(found[name].equals(expected[name]), name).toBe(true);
  });
});

describe('one AOF and multi-part', () => {
  it('becomes the base under its own name, as a server upgrades it', async () => {
    const { output } = await converted(plain, { to: 'multipart' });
    const files = contents(output);
    expect(Object.keys(files)).toEqual(['appendonly.aof', 'appendonly.aof.manifest']);
    expect(files['appendonly.aof.manifest'].toString()).toBe('file appendonly.aof seq 1 type b\n');
    const back = await converted(output, { to: 'aof' });
    expect(readFileSync(back.output).equals(readFileSync(plain))).toBe(true);
  });

  it('a part that selects no database begins in database 0', async () => {
    const first = command('SELECT', '5') + command('SET', 'a', '1');
    const second = `#TS:1\r\n${command('SET', 'b', '2')}`;
    const third = `#TS:2\r\n${command('SELECT', '3')}${command('SET', 'c', '3')}`;
    const source = folder({
      'appendonly.aof.1.base.aof': first,
      'appendonly.aof.1.incr.aof': second,
      'appendonly.aof.2.incr.aof': third,
    });
    const { output, result } = await converted(source, { to: 'aof' });
    expect(readFileSync(output, 'latin1')).toBe(first + command('SELECT', '0') + second + third);
    expect(result.road).toBe('copied');
    expect((await digest(output, { at })).digest).toBe((await digest(source, { at })).digest);
  });

  it('a part after commands made of an RDB begins in database 0', async () => {
    const base = readFileSync(join(goldenDir('redis-7.0-rdb'), 'dump.rdb'));
    const source = folder({ 'appendonly.aof.1.base.rdb': base, 'appendonly.aof.1.incr.aof': command('SET', 'b', '2') });
    const { output, result } = await converted(source, { to: 'aof' });
    expect(result.road).toBe('streamed');
    expect(readFileSync(output, 'latin1').endsWith(command('SELECT', '0') + command('SET', 'b', '2'))).toBe(true);
    expect((await digest(output, { at, flavor: 'redis-7.0' })).digest).toBe((await digest(source, { at })).digest);
  });

  it('a part that breaks off is not joined to the next', async () => {
    const source = folder({
      'appendonly.aof.1.base.aof': command('SET', 'a', '1').slice(0, -3),
      'appendonly.aof.1.incr.aof': command('SET', 'b', '2'),
    });
    const output = join(temporaryDir(), 'out.aof');
    const result = await convert(source, { to: 'aof', output, at });
    expect(result.outcome).toBe('refused');
    expect(result.findings.map(({ code }) => code)).toContain('aof.truncated.not-last');
  });
});

describe('an RDB', () => {
  it.each(['hybrid', 'multipart', 'rdb'] as const)('to %s and back has the same bytes', async (to) => {
    const source = join(goldenDir('redis-8.6-rdb'), 'dump.rdb');
    const { output, result } = await converted(source, { to });
    expect(result.road).toBe('copied');
    const back = await converted(output, { to: 'rdb' });
    expect(readFileSync(back.output).equals(readFileSync(source))).toBe(true);
  });

  it('to an AOF and back has the same digest', async () => {
    const source = join(goldenDir('redis-7.0-rdb'), 'dump.rdb');
    const expected = (await digest(source, { at })).digest;
    const { output, result } = await converted(source, { to: 'aof', verify: true });
    expect(result.verified).toBe(true);
    expect((await digest(output, { at, flavor: 'redis-7.0' })).digest).toBe(expected);
    const back = await converted(output, { to: 'rdb', verify: true });
    expect(back.result).toMatchObject({ road: 'replayed', verified: true });
    expect((await digest(back.output, { at, flavor: 'redis-7.0' })).digest).toBe(expected);
  });

  it('of another version has its header and checksum, and the values as they were', async () => {
    const source = join(goldenDir('redis-7.0-rdb'), 'dump.rdb');
    const up = await converted(source, { to: 'rdb', target: 'redis-8.0', verify: true });
    expect(readFileSync(up.output, 'latin1').slice(0, 9)).toBe('REDIS0012');
    const down = await converted(up.output, { to: 'rdb', target: 'redis-7.0', verify: true });
    expect(readFileSync(down.output, 'latin1').slice(0, 9)).toBe('REDIS0010');
    expect(readFileSync(down.output).length).toBe(readFileSync(source).length);
  });
});

describe('a log', () => {
  it('is replayed where a named target does not know its commands', async () => {
    const path = join(temporaryDir(), 'appendonly.aof');
    writeFileSync(path, command('SET', 'a', '1', 'PXAT', '4102444800000') + command('RPUSH', 'l', 'x'));
    const old = await converted(path, { to: 'aof', target: 'redis-5.0' });
    expect(old.result.road).toBe('replayed');
    expect(readFileSync(old.output, 'latin1')).not.toContain('PXAT');
    const kept = await converted(path, { to: 'aof', target: 'redis-7.2' });
    expect(kept.result.road).toBe('copied');
    expect(readFileSync(kept.output).equals(readFileSync(path))).toBe(true);
  });

  it('becomes shorter with compact', async () => {
    const path = join(temporaryDir(), 'appendonly.aof');
    writeFileSync(path, command('SET', 'a', '1') + command('SET', 'a', '2'));
    const { output } = await converted(path, { to: 'aof', compact: true });
    expect(readFileSync(output, 'latin1')).toBe(command('SELECT', '0') + command('SET', 'a', '2'));
  });

  it('keeps a torn tail that a server would cut off', async () => {
    const path = join(temporaryDir(), 'appendonly.aof');
    cpSync(plain, path);
    const bytes = readFileSync(plain);
    writeFileSync(path, bytes.subarray(0, bytes.length - 3));
    const { output } = await converted(path, { to: 'multipart' });
    expect(readFileSync(join(output, 'appendonly.aof')).length).toBe(bytes.length - 3);
  });
});

describe('damage', () => {
  it.each(['rdb', 'aof', 'hybrid'] as const)('a wrong checksum is refused on the way to %s', async (to) => {
    const bytes = readFileSync(join(goldenDir('redis-7.0-rdb'), 'dump.rdb'));
    bytes[bytes.length - 1] ^= 1;
    const dir = temporaryDir();
    writeFileSync(join(dir, 'dump.rdb'), bytes);
    const result = await convert(join(dir, 'dump.rdb'), { to, output: join(dir, 'out'), at });
    expect(result.outcome).toBe('refused');
    expect(result.findings).toMatchObject([{ code: 'rdb.checksum.mismatch', offset: bytes.length - 8 }]);
    expect(readdirSync(dir)).toEqual(['dump.rdb']);
    const chunks: Uint8Array[] = [];
    const streamed = await convert(join(dir, 'dump.rdb'), {
      to,
      output: { write: (chunk) => void chunks.push(chunk) },
      at,
    });
    expect([streamed.outcome, chunks.length]).toEqual(['refused', 0]);
  });

  it('an RDB without a checksum is looked into', async () => {
    const source = join(goldenDir('redis-7.0-rdb'), 'dump.rdb');
    const dir = temporaryDir();
    const path = join(dir, 'plain.rdb');
    expect((await convert(source, { to: 'rdb', output: path, checksum: false, at })).outcome).toBe('written');
    expect((await convert(path, { to: 'aof', output: join(dir, 'out.aof'), at })).outcome).toBe('written');
    const bytes = readFileSync(path);
    const listpack = bytes.indexOf('list:', 0, 'latin1');
    bytes.fill(0xee, listpack + 20, listpack + 24);
    writeFileSync(path, bytes);
    const result = await convert(path, { to: 'aof', output: join(dir, 'other.aof'), at });
    expect(result.outcome).toBe('refused');
  });
});
