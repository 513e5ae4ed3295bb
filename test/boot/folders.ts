/* The prepared folders: sound ones, and each way of being not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { envelope, storedZstdFrame } from '../../fixtures/generate/envelope.ts';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { crc64 } from '../../fixtures/generate/rdb-bytes.ts';
import { aof, type Folder } from './folder.ts';

const golden = (name: string, file = 'dump.rdb') => readFileSync(join(goldenDir(name), file));

/** An RDB that every generation reads: version 9. */
const oldRdb = golden('redis-6.0-rdb-little');
const rdbOf86 = golden('redis-8.6-rdb-little');
const rdbOf70 = golden('redis-7.0-rdb-little');
const rdbOfValkey = golden('valkey-9.1-rdb-little');

const first = aof('SELECT 0', 'SET a 1', 'SET b 2', 'RPUSH l x y z', 'SELECT 1', 'SADD s p q');
const second = aof('SELECT 0', 'SET c 3', 'INCR n', 'DEL a');
const third = aof('SELECT 1', 'SET d 4', 'APPEND d tail');
const half = (bytes: Buffer, missing: number) => bytes.subarray(0, bytes.length - missing);
const join2 = (...parts: readonly (Buffer | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
const nul = (count: number) => Buffer.alloc(count);

/** A small RDB, byte by byte: `body` between the header and the end. */
function rdb(body: string, version = '0009', sum?: bigint): Buffer {
  const bytes = Buffer.from(`REDIS${version}${body}\xff`, 'latin1');
  const tail = Buffer.alloc(8);
  tail.writeBigUInt64LE(sum ?? crc64(bytes));
  return Buffer.concat([bytes, tail]);
}
const entry = (key: string, value = 'v') =>
  `\x00${String.fromCharCode(key.length)}${key}${String.fromCharCode(value.length)}${value}`;
const past = '\xfc\x00\x10\x00\x00\x00\x00\x00\x00';

const flip = (bytes: Buffer, offset: number) => {
  const copy = Buffer.from(bytes);
  copy[offset] ^= 0xff;
  return copy;
};

const old = (name: string, log: Buffer, config?: Folder['config'], more: Folder['files'] = {}): Folder => ({
  name: `old: ${name}`,
  files: { 'appendonly.aof': log, ...more },
  config,
});

const P = 'appendonlydir/appendonly.aof';
interface Parts {
  readonly base?: Buffer | null;
  readonly baseName?: 'rdb' | 'aof';
  readonly incr?: readonly (Buffer | null)[];
  readonly manifest?: string | null;
  readonly more?: Folder['files'];
  readonly config?: Folder['config'];
}

/** A multi-part AOF: null for a file that is named and not there; a manifest of null is not there. */
function multi(name: string, parts: Parts): Folder {
  const files: Record<string, Buffer | string> = {};
  let manifest = '';
  const base = `1.base.${parts.baseName ?? 'aof'}`;
  if (parts.base !== undefined) manifest += `file appendonly.aof.${base} seq 1 type b\n`;
  if (parts.base) files[`${P}.${base}`] = parts.base;
  (parts.incr ?? []).forEach((bytes, index) => {
    manifest += `file appendonly.aof.${index + 1}.incr.aof seq ${index + 1} type i\n`;
    if (bytes) files[`${P}.${index + 1}.incr.aof`] = bytes;
  });
  if (parts.manifest !== null) files[`${P}.manifest`] = parts.manifest ?? manifest;
  return { name: `parts: ${name}`, files: { ...files, ...parts.more }, config: parts.config };
}

const dump = (name: string, bytes: Buffer, config: Folder['config'] = {}, more: Folder['files'] = {}): Folder => ({
  name: `rdb: ${name}`,
  files: { 'dump.rdb': bytes, ...more },
  config: { appendonly: 'no', ...config },
});

const cluster = { 'cluster-enabled': 'yes' };
const replica = { replicaof: '127.0.0.1 1' };
const twoDatabases = rdb(`${entry('a')}\xfe\x01${entry('b')}`);
/** Two elements, the larger one first: only who looks into it sees that. */
const intset = '\x0b\x01h\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\x01\x00';

const no = { 'aof-load-truncated': 'no' };
const off = { appendonly: 'no' };
const sound = { base: first, incr: [second] };
const hybrid = join2(oldRdb, first);
const arguments3 = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n';

const sinceSeven = ['redis-7.0', 'redis-8.0', 'redis-8.6', 'valkey-8.1', 'valkey-9.1'] as const;

export const folders: readonly Folder[] = [
  // Nothing is decompressed: these servers know neither.
  ...(
    [
      ['gzip', gzipSync(oldRdb)],
      ['an envelope', envelope(2, storedZstdFrame(rdbOfValkey))],
    ] as const
  ).flatMap(([what, bytes]) => [
    { name: `an RDB in ${what}`, files: { 'dump.rdb': bytes }, config: { appendonly: 'no' } },
    { name: `a damaged RDB in ${what}`, files: { 'dump.rdb': half(bytes, 9) }, config: { appendonly: 'no' } },
    old(`an AOF in ${what}`, bytes),
    multi(`base in ${what}`, { base: bytes, incr: [first] }),
  ]),
  { name: 'nothing', files: {} },
  { name: 'nothing, AOF off', files: {}, config: off },
  { name: 'nothing, base in commands', files: {}, config: { 'aof-use-rdb-preamble': 'no' } },

  old('sound', first),
  old('sound, AOF off', first, off),
  old('beside an RDB', first, {}, { 'dump.rdb': oldRdb }),
  old('beside an RDB, AOF off', first, off, { 'dump.rdb': oldRdb }),
  old('torn in an argument', half(first, 3)),
  old('torn before the last CRLF', half(first, 2)),
  old('torn in the last CRLF', half(first, 1)),
  old('torn in a header', join2(first, '*3\r\n$3')),
  old('torn after the star', join2(first, '*')),
  old('torn, may not be truncated', half(first, 3), no),
  old('torn in the first command', aof('SET a 1').subarray(0, 9)),
  old('hybrid', hybrid),
  old('hybrid, torn in its first command', join2(oldRdb, half(aof('SELECT 0'), 3))),
  old('hybrid, torn in its second command', half(join2(oldRdb, aof('SELECT 0', 'SET a 1')), 3)),
  old('hybrid, torn, may not be truncated', join2(oldRdb, half(aof('SELECT 0'), 3)), no),
  old('hybrid, torn in the preamble', half(oldRdb, 30)),
  old('hybrid, torn in the checksum', half(oldRdb, 3)),
  old('hybrid, preamble damaged', flip(hybrid, oldRdb.length - 20)),
  old('hybrid, checksum wrong', flip(hybrid, oldRdb.length - 2)),
  old('hybrid, checksum wrong and not looked at', flip(hybrid, oldRdb.length - 2), { rdbchecksum: 'no' }),
  old('hybrid of a newer version', join2(rdbOf86, first)),
  old('hybrid, the preamble alone', oldRdb),
  old('NUL tail', join2(first, nul(40))),
  old('NUL tail, long', join2(first, nul(4000))),
  old('garbage at the end', join2(first, 'garbage\r\n')),
  old('garbage in the middle', join2(first, 'garbage\r\n', second)),
  old('empty', nul(0)),
  old('unknown command', join2(first, aof('NOSUCH x'), second)),
  old('unknown command in a transaction', join2(first, aof('MULTI', 'NOSUCH x', 'EXEC'))),
  old('unknown subcommand', join2(first, aof('XGROUP NOSUCH x'))),
  old('command of a module', join2(first, aof('JSON.SET x y z'))),
  old('command of 7.0', join2(first, aof('SINTERCARD 1 l'))),
  old('command of 8.0', join2(first, aof('HSETEX h FIELDS 1 f v'))),
  old('too few arguments', join2(first, aof('SET x'))),
  old('too many arguments', join2(first, aof('INCR x y z'))),
  old('MULTI without EXEC', join2(first, aof('MULTI', 'SET t 1'))),
  old('MULTI without EXEC, may not be truncated', join2(first, aof('MULTI', 'SET t 1')), no),
  old('MULTI torn', half(join2(first, aof('MULTI', 'SET t 1', 'SET u 1')), 4)),
  old('MULTI twice', join2(first, aof('MULTI', 'SET t 1', 'MULTI', 'SET u 1', 'EXEC', 'SET w 1'))),
  old('EXEC alone', join2(first, aof('EXEC', 'SET w 1'))),
  old('wrong type', join2(first, aof('LPUSH a x', 'SET w 1'))),
  old('database out of range', join2(first, aof('SELECT 77', 'SET w 1'))),
  old('more databases', join2(first, aof('SELECT 77', 'SET w 1')), { databases: '100' }),
  old(
    'lines without CR',
    Buffer.from(
      `${arguments3}$1\r\nv\r\n`
        .replaceAll('\r\n', '\n')
        .replace('k\n', 'k\r\n')
        .replace('SET\n', 'SET\r\n')
        .replace('v\n', 'v\r\n'),
      'latin1',
    ),
  ),
  old('anything instead of CRLF', join2(aof('SET a 1'), '*3\r\n$3\r\nSETxx$1\r\nbyy$1\r\n2zz', aof('SET c 3'))),
  old('no arguments', join2(first, '*0\r\n', second)),
  old('negative count', join2(first, '*-1\r\n', second)),
  old('count with text behind', join2(first, '*2x\r\n$3\r\nDEL\r\n$1y\r\na\r\n')),
  old('length beyond the end', join2(first, arguments3, '$1000\r\nabc\r\n', second)),
  old('annotations', join2('#TS:1700000000\r\n', first, '#TS:1700000001\r\n', second, '#TS:17')),
  old('annotation too long', join2(first, `#${'x'.repeat(2000)}\r\n`, second)),
  old('expired key', join2(first, aof('SET e 1', 'PEXPIREAT e 1000'))),
  old('of another name', first, { appendfilename: '"my log.aof"' }, { 'my log.aof': second }),
  old('beside sound parts', first, {}, multi('', sound).files),
  old('beside parts, AOF off', first, off, multi('', sound).files),
  old('beside a manifest of comments', first, {}, { [`${P}.manifest`]: '# nothing\n' }),
  old('beside an empty manifest', first, {}, { [`${P}.manifest`]: '' }),
  old('its move was interrupted', first, {}, { [`${P}.manifest`]: 'file appendonly.aof seq 1 type b\n' }),
  old('beside a folder without manifest', first, {}, { 'appendonlydir/': '' }),
  old('beside a folder with parts and no manifest', first, {}, multi('', { ...sound, manifest: null }).files),
  old('moved and torn', half(first, 3), {}, { 'dump.rdb': oldRdb }),

  multi('sound', sound),
  multi('sound, AOF off', { ...sound, config: off }),
  multi('sound, AOF off, beside an RDB', { ...sound, config: off, more: { 'dump.rdb': oldRdb } }),
  multi('RDB base', { base: oldRdb, baseName: 'rdb', incr: [second] }),
  multi('RDB base of 7.0', { base: rdbOf70, baseName: 'rdb', incr: [second] }),
  multi('RDB base of 8.6', { base: rdbOf86, baseName: 'rdb', incr: [second] }),
  multi('RDB base of Valkey', { base: rdbOfValkey, baseName: 'rdb', incr: [second] }),
  multi('RDB base named .aof', { base: oldRdb, incr: [second] }),
  multi('RDB in an increment', { base: first, incr: [oldRdb, second] }),
  multi('base with a tail', { base: hybrid, baseName: 'rdb', incr: [second] }),
  multi('three increments', { base: first, incr: [second, third, second] }),
  multi('no base', { incr: [first, second] }),
  multi('base alone', { base: first }),
  multi('base alone, torn', { base: half(first, 3) }),
  multi('base alone, hybrid, torn in its first command', { base: join2(oldRdb, '*2\r\n$6'), baseName: 'rdb' }),
  multi('last increment torn', { base: first, incr: [second, half(third, 3)] }),
  multi('last increment torn, may not be truncated', { base: first, incr: [second, half(third, 3)], config: no }),
  multi('last increment torn in its first command', { base: first, incr: [aof('SELECT 0').subarray(0, 7)] }),
  multi('last increment an RDB, torn behind it', { base: first, incr: [second, join2(oldRdb, '*1')] }),
  multi('middle increment torn', { base: first, incr: [half(second, 3), third] }),
  multi('middle increment torn, may not be truncated', { base: first, incr: [half(second, 3), third], config: no }),
  multi('middle increment torn before empty ones', { base: first, incr: [half(second, 3), nul(0)] }),
  multi('base torn', { base: half(first, 3), incr: [second] }),
  multi('RDB base torn', { base: half(oldRdb, 30), baseName: 'rdb', incr: [second] }),
  multi('RDB base with a wrong checksum', { base: flip(oldRdb, oldRdb.length - 2), baseName: 'rdb', incr: [second] }),
  multi('RDB base empty', { base: nul(0), baseName: 'rdb', incr: [second] }),
  multi('base missing', { base: null, incr: [second] }),
  multi('increment missing', { base: first, incr: [null] }),
  multi('middle increment missing', { base: first, incr: [second, null, third] }),
  multi('empty increment', { base: first, incr: [nul(0)] }),
  multi('all empty', { base: nul(0), incr: [nul(0)] }),
  multi('all empty, beside an RDB', { base: nul(0), incr: [nul(0)], more: { 'dump.rdb': oldRdb } }),
  multi('empty middle', { base: first, incr: [nul(0), third] }),
  multi('NUL tail', { base: first, incr: [join2(second, nul(100))] }),
  multi('NUL tail in the middle', { base: first, incr: [join2(second, nul(100)), third] }),
  multi('MULTI without EXEC at the end', { base: first, incr: [join2(second, aof('MULTI', 'SET t 1'))] }),
  multi('MULTI without EXEC in the middle', { base: first, incr: [join2(second, aof('MULTI', 'SET t 1')), third] }),
  multi('garbage in a base', { base: join2(first, 'x\r\n'), incr: [second] }),
  multi('history', {
    ...sound,
    manifest:
      'file appendonly.aof.1.base.aof seq 1 type b\nfile old.aof seq 1 type h\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
    more: { 'appendonlydir/old.aof': third },
  }),
  multi('history, AOF off', {
    ...sound,
    config: off,
    manifest:
      'file appendonly.aof.1.base.aof seq 1 type b\nfile old.aof seq 1 type h\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
    more: { 'appendonlydir/old.aof': third },
  }),
  multi('history that is gone', {
    ...sound,
    manifest:
      'file appendonly.aof.1.base.aof seq 1 type b\nfile old.aof seq 1 type h\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
  }),
  multi('history kept', {
    ...sound,
    config: { 'aof-disable-auto-gc': 'yes' },
    manifest:
      'file appendonly.aof.1.base.aof seq 1 type b\nfile old.aof seq 1 type h\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
    more: { 'appendonlydir/old.aof': third },
  }),
  multi('history alone', { manifest: 'file old.aof seq 4 type h\n', more: { 'appendonlydir/old.aof': third } }),
  multi('manifest missing', { ...sound, manifest: null }),
  multi('manifest missing, RDB base', { base: oldRdb, baseName: 'rdb', incr: [second], manifest: null }),
  multi('manifest missing, beside an RDB', { ...sound, manifest: null, more: { 'dump.rdb': oldRdb } }),
  multi('manifest missing, AOF off', { ...sound, manifest: null, config: off }),
  multi('manifest empty', { ...sound, manifest: '' }),
  multi('manifest empty, AOF off', { ...sound, manifest: '', config: off }),
  multi('manifest of comments', { ...sound, manifest: '# one\n# two\n' }),
  multi('manifest with an empty line', { ...sound, manifest: '\nfile appendonly.aof.1.base.aof seq 1 type b\n' }),
  multi('manifest without its last newline', { ...sound, manifest: 'file appendonly.aof.1.base.aof seq 1 type b' }),
  multi('manifest with CRLF and capitals', {
    ...sound,
    manifest: 'FILE appendonly.aof.1.base.aof SEQ 1 Type base\r\n',
  }),
  multi('manifest with a path', { ...sound, manifest: 'file ../appendonly.aof seq 1 type b\n' }),
  multi('manifest with two bases', {
    ...sound,
    manifest: 'file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 2 type b\n',
  }),
  multi('manifest out of order', {
    base: first,
    incr: [second, third],
    manifest: 'file appendonly.aof.2.incr.aof seq 2 type i\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
  }),
  multi('manifest with an unknown type', { ...sound, manifest: 'file appendonly.aof.1.base.aof seq 1 type x\n' }),
  multi('manifest with a bad sequence', { ...sound, manifest: 'file appendonly.aof.1.base.aof seq 0 type b\n' }),
  multi('manifest names less', {
    base: first,
    incr: [second, third],
    manifest: 'file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
  }),
  multi('manifest stale', {
    base: first,
    incr: [second],
    manifest: 'file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n',
  }),
  multi('manifest with offsets', {
    ...sound,
    manifest:
      'file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i startoffset 5\n',
  }),
  multi('manifest with a quoted name', {
    manifest: 'file "my base.aof" seq 3 type b\n',
    more: { 'appendonlydir/my base.aof': first },
  }),
  multi('temporary files beside', {
    ...sound,
    more: { 'appendonlydir/temp-appendonly.aof.manifest': 'x', 'temp-rewriteaof-1.aof': 'x', 'temp-1.rdb': 'x' },
  }),
  {
    name: 'parts: other folder and name',
    files: {
      'other dir/log.aof.manifest': 'file log.aof.1.base.aof seq 1 type b\n',
      'other dir/log.aof.1.base.aof': first,
      [`${P}.manifest`]: 'file none seq 1 type b\n',
    },
    config: { appenddirname: '"other dir"', appendfilename: 'log.aof' },
  },

  dump('sound', oldRdb),
  dump('sound, AOF on', oldRdb, { appendonly: 'yes' }),
  dump('of another name', oldRdb, { dbfilename: 'other.rdb' }),
  dump('of another name, there', rdbOf70, { dbfilename: 'other.rdb' }, { 'other.rdb': oldRdb }),
  dump('of 7.0', rdbOf70),
  dump('of 8.6', rdbOf86),
  dump('of Valkey 9', rdbOfValkey),
  dump('torn', half(oldRdb, 30)),
  dump('torn in the checksum', half(oldRdb, 3)),
  dump('empty', nul(0)),
  dump('no RDB', Buffer.from('no RDB at all')),
  dump('checksum wrong', flip(oldRdb, oldRdb.length - 2)),
  dump('checksum wrong and not looked at', flip(oldRdb, oldRdb.length - 2), { rdbchecksum: 'no' }),
  dump('version 0', rdb(entry('a'), '0000')),
  dump('version 99', rdb(entry('a'), '0099')),
  dump('key twice', rdb(entry('a') + entry('b') + entry('a'))),
  dump('expired keys', rdb(entry('a') + past + entry('b') + past + entry('c'))),
  dump('database out of range', rdb(`\xfe\x40${'\x50'}${entry('a')}`)),
  dump('more databases', rdb(`\xfe\x40${'\x50'}${entry('a')}`), { databases: '100' }),
  dump('unknown type', rdb(`${entry('a')}\x30\x01b\x01v`)),
  dump('bytes behind it', join2(oldRdb, 'more')),
  // 6.0 makes a key of it that holds nothing, which is not foretold.
  { ...dump('empty set', rdb(`${entry('a')}\x02\x01s\x00`)), servers: sinceSeven },
  old('hybrid with expired keys', join2(rdb(entry('a') + past + entry('b')), first)),
  multi('RDB base with a key twice', { base: rdb(entry('a') + entry('a')), baseName: 'rdb', incr: [second] }),

  old('NUL tail that may be cut', join2(first, nul(40)), { 'aof-load-corrupt-tail-max-size': '1024' }),
  old('NUL tail that is too long to be cut', join2(first, nul(4000)), { 'aof-load-corrupt-tail-max-size': '1024' }),
  old('garbage that may be cut', join2(first, 'garbage\r\n', second), { 'aof-load-corrupt-tail-max-size': '10240' }),
  multi('NUL tail that may be cut', {
    base: first,
    incr: [join2(second, nul(100))],
    config: { 'aof-load-corrupt-tail-max-size': '1024' },
  }),
  multi('NUL tail in the middle that may be cut', {
    base: first,
    incr: [join2(second, nul(100)), third],
    config: { 'aof-load-corrupt-tail-max-size': '1024' },
  }),
  multi('NUL tail that may be cut, nothing else may', {
    base: first,
    incr: [join2(second, nul(100))],
    config: { ...no, 'aof-load-corrupt-tail-max-size': '1024' },
  }),
  dump('of 8.6, relaxed', rdbOf86, { 'rdb-version-check': 'relaxed' }),
  old('command renamed away', first, { 'rename-command': 'SET ""' }),
  old('command renamed', first, { 'rename-command': 'set Other' }),
  old('command under its new name', join2(first, aof('other w 1', 'OTHER u 2')), { 'rename-command': 'SETNX other' }),
  old('renamed twice, and another in its place', join2(first, aof('B w 1', 'SETNX l x')), {
    'rename-command': ['SETNX a', 'a b', 'RPUSHX SETNX'],
  }),
  old('MULTI renamed', join2(first, aof('MULTI', 'SET t 1', 'EXEC')), { 'rename-command': 'MULTI ""' }),
  old('MULTI and EXEC under new names', join2(first, aof('m', 'SET t 1', 'e')), {
    'rename-command': ['MULTI m', 'EXEC e'],
  }),
  old('no such command to be renamed', first, { 'rename-command': 'NOSUCH other' }),
  old('renamed to what is there', first, { 'rename-command': 'SET get' }),
  old('rename without a name', first, { 'rename-command': 'SET' }),
  old('module that is not there', first, { loadmodule: '/no/such.so' }),
  old('users that are not there', first, { aclfile: '/no/such.acl' }),
  old('include that is not there', first, { include: '/no/such.conf' }),
  old('setting that nobody knows', first, { appendonlyy: 'yes' }),
  old('setting with a wrong word', first, { 'aof-load-truncated': 'maybe' }),
  old('setting with a wrong choice', first, { appendfsync: 'sometimes' }),
  old('no databases', first, { databases: '0' }),
  old('a path for a name', first, { appendfilename: 'a/b.aof' }),
  { ...old('a path for a folder', first, { appenddirname: 'a/b' }), servers: sinceSeven },
  old('a size for a number', first, { 'aof-load-corrupt-tail-max-size': '1kb' }),
  old('settings of old names', join2(first, aof('SET w 1')), {
    'slave-read-only': 'yes',
    'list-max-ziplist-entries': '9',
  }),
  old('user and memory', first, {
    user: 'bob on nopass ~* +@all',
    maxmemory: '100mb',
    'maxmemory-policy': 'allkeys-lru',
  }),
  dump('a path for a name', oldRdb, { dbfilename: 'a/b.rdb' }),

  old('node of a cluster', first, cluster),
  old(
    'node of a cluster, other databases named',
    join2(first, aof('COPY a b DB 3', 'MOVE b 5', 'SWAPDB 0 1')),
    cluster,
  ),
  old('node of a cluster, hybrid', join2(twoDatabases, first), cluster),
  old('node of a cluster with a file of its own', first, { ...cluster, 'cluster-config-file': 'my.conf' }),
  multi('node of a cluster', { ...sound, config: cluster }),
  multi('node of a cluster, RDB base', { base: twoDatabases, baseName: 'rdb', config: cluster }),
  dump('node of a cluster', rdb(entry('a')), cluster),
  dump('node of a cluster, empty file of its own', rdb(entry('a')), cluster, { 'nodes.conf': '' }),
  dump('node of a cluster, two databases', twoDatabases, cluster),
  {
    ...dump('node of a cluster with databases', twoDatabases, { ...cluster, 'cluster-databases': '4' }),
    servers: ['valkey-9.1', 'redis-7.0'],
  },

  dump('expired keys, of a replica', rdb(entry('a') + past + entry('b') + past + entry('c')), replica),
  dump('expired keys, of a replica no more', rdb(entry('a') + past + entry('b')), { ...replica, slaveof: 'no one' }),
  dump('a module', rdb(`${entry('a')}\x07\x01m\x81${'\x12'.repeat(8)}\x00`)),
  dump('intset out of order', rdb(entry('a') + intset)),
  { ...dump('intset out of order, looked into', rdb(entry('a') + intset), { 'sanitize-dump-payload': 'yes' }) },
  dump('intset out of order, for clients', rdb(entry('a') + intset), { 'sanitize-dump-payload': 'clients' }),
  dump('sound, looked into', oldRdb, { 'sanitize-dump-payload': 'yes' }),
  multi('RDB base, intset out of order', { base: rdb(entry('a') + intset), baseName: 'rdb', incr: [second] }),

  dump('timestamps for a new base', oldRdb, {
    appendonly: 'yes',
    'aof-timestamp-enabled': 'yes',
    'aof-use-rdb-preamble': 'no',
  }),
];
