/**
 * What a file is that is neither an RDB nor an AOF, told by its first bytes: one table for all operations, so that all name it alike.
 */

/** A wrapper around an RDB or a log, or a form of it that can be turned into what it was. */
export type WrapperKind = 'sync' | 'lf-only' | 'inline' | 'text-copy' | 'dump-payload';

export type ForeignContent =
  | { readonly kind: 'foreign'; readonly what: string }
  | { readonly kind: 'wrapped'; readonly wrapper: WrapperKind; readonly what: string };

const foreign = (what: string): ForeignContent => ({ kind: 'foreign', what });
const wrapped = (wrapper: WrapperKind, what: string): ForeignContent => ({ kind: 'wrapped', wrapper, what });

/** First bytes, as a pattern over latin1 text, and what begins with them. */
const magics: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\x28\xb5\x2f\xfd/, 'Zstandard data'],
  [/^[\x50-\x5f]\x2a\x4d\x18/, 'Zstandard data'],
  [/^\x04\x22\x4d\x18/, 'LZ4 data'],
  [/^\x02\x21\x4c\x18/, 'LZ4 data'],
  [/^\xfd7zXZ\0/, 'xz data'],
  [/^\x5d\0\0[\0-\xff]{2}\xff{4,8}/, 'LZMA data'],
  [/^BZh[1-9]1AY&SY/, 'bzip2 data'],
  [/^\x89LZO\0\r\n\x1a\n/, 'lzop data'],
  [/^\xff\x06\0\0sNaPpY/, 'Snappy data'],
  [/^\x1f[\x9d\xa0]/, 'data of compress'],
  [/^7z\xbc\xaf\x27\x1c/, 'a 7z archive'],
  [/^Rar!\x1a\x07/, 'a RAR archive'],
  [/^PK(\x03\x04|\x05\x06|\x07\x08)/, 'a zip archive'],
  [/^[\0-\xff]{257}ustar/, 'a tar archive'],
  [/^!<arch>\n/, 'an ar archive'],
  [/^07070[127]/, 'a cpio archive'],
  [/^\x7fELF/, 'an ELF program or library'],
  [/^(\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe)/, 'a Mach-O program or library'],
  [/^MZ[\0-\xff]{58}[\0-\xff]{2}\0\0/, 'a Windows program or library'],
  [/^\0asm\x01\0\0\0/, 'a WebAssembly module'],
  [/^\xca\xfe\xba\xbe/, 'a Java class file'],
  [/^\x89PNG\r\n\x1a\n/, 'a PNG image'],
  [/^\xff\xd8\xff/, 'a JPEG image'],
  [/^GIF8[79]a/, 'a GIF image'],
  [/^RIFF[\0-\xff]{4}(WEBP|WAVE|AVI )/, 'a RIFF file'],
  [/^%PDF-/, 'a PDF document'],
  [/^SQLite format 3\0/, 'an SQLite database'],
  [/^PAR1/, 'a Parquet file'],
  [/^\x89HDF\r\n\x1a\n/, 'an HDF5 file'],
  [/^LUKS\xba\xbe/, 'a LUKS volume'],
  [/^Salted__/, 'data encrypted by openssl'],
  [/^age-encryption\.org\//, 'data encrypted by age'],
  [/^-----BEGIN (OPENSSH|RSA|DSA|EC) PRIVATE KEY-----/, 'a private SSH or TLS key'],
  [/^-----BEGIN PGP /, 'OpenPGP data'],
  [/^-----BEGIN [A-Z0-9 ]+-----/, 'PEM data (a key or a certificate)'],
  [/^PuTTY-User-Key-File-/, 'a private SSH key'],
  [/^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+) AAAA/, 'a public SSH key'],
  [/^version https:\/\/git-lfs\.github\.com\/spec\//, 'a pointer of git-lfs: the file itself was not fetched'],
  [/^#!/, 'a script'],
  [/^(\xef\xbb\xbf)?\s*<(!DOCTYPE html|html)/i, 'an HTML page'],
  [/^(\xef\xbb\xbf)?\s*<\?xml/, 'XML'],
  [/^(\xff\xfe|\xfe\xff)/, 'UTF-16 text'],
];

/** Where an RDB begins within a capture of a replication link: `redis-cli --rdb`, a PSYNC reply, a bulk reply. */
const syncHead =
  /^\n*(\+(FULLRESYNC|CONTINUE)[^\r\n]*\r\n\n*)?(\$(EOF:[0-9a-f]{40}|\d{1,19})\r\n)?(?=REDIS\d|VALKEY\d|VCS\x01)/;

/** Names that a line of commands typed for `redis-cli --pipe` begins with. */
const typedCommands = new Set(
  `append bitfield bitop copy decr decrby del eval evalsha expire expireat flushall flushdb function geoadd getset hdel hexpire hincrby
  hincrbyfloat hmset hset hsetnx incr incrby incrbyfloat linsert lpop lpush lpushx lrem lset ltrim move mset msetnx multi exec persist
  pexpire pexpireat pfadd pfmerge psetex publish rename renamenx restore rpop rpoplpush rpush rpushx sadd sdiffstore select set setbit setex
  setnx setrange sinterstore smove spop srem sunionstore swapdb unlink xadd xdel xgroup xtrim zadd zincrby zinterstore zrem zremrangebyrank
  zremrangebyscore zunionstore ping auth get script`.split(/\s+/),
);

/** What a file is by its first bytes, where these say that it is no RDB and no AOF as it stands; undefined where they do not. */
export function foreignContent(head: Uint8Array): ForeignContent | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  const sync = syncHead.exec(text);
  if (sync !== null && sync[0].length > 0) return wrapped('sync', syncText(sync));
  for (const [pattern, what] of magics) if (pattern.test(text)) return foreign(what);
  if (/^\*\d{1,10}\n\$\d{1,10}\n/.test(text)) return wrapped('lf-only', 'commands whose lines end in LF alone');
  if (/^\*\d{1,10}\r\r\n\$\d{1,10}\r\r\n/.test(text)) {
    return wrapped('text-copy', 'a log that was copied in text mode: every LF became CRLF');
  }
  // Whatever holds the head of a command further on is rather a damaged log.
  if (/(^|\n)\*\d{1,10}\r?\n\$\d/.test(text)) return undefined;
  if (isReply(text)) return foreign('replies of a server, not commands');
  return isText(text) && !text.startsWith('*') ? textContent(text) : undefined;
}

/** Length of what stands before the RDB of a capture, and how its end is marked: by a length, or by 40 bytes. */
export function syncHeader(head: Uint8Array): { length: number; rdbLength: number; mark: string } {
  const sync = syncHead.exec(Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1'));
  const size = sync?.[4] ?? '';
  const mark = size.startsWith('EOF:') ? size.slice(4) : '';
  return { length: sync?.[0].length ?? 0, rdbLength: mark === '' && size !== '' ? Number(size) : -1, mark };
}

function syncText([, resync, , , size]: RegExpExecArray): string {
  const by = size === undefined ? '' : size.startsWith('EOF:') ? 'a mark at its end ($EOF:)' : 'its length ($N)';
  const of = resync === undefined ? '' : 'the reply to PSYNC (+FULLRESYNC) before it';
  const parts = [of, by].filter((part) => part !== '');
  return `an RDB as it goes over a replication link${parts.length > 0 ? `, with ${parts.join(' and ')}` : ''}`;
}

/** Simple strings, errors, numbers, nulls and the types of RESP3: no log holds them. */
function isReply(text: string): boolean {
  return (
    /^([+-][\x20-\x7e]*|:-?\d+|\$-?\d+\r\n[\0-\xff]*|\*(-1|0)|[_#,(!=%~>|][\x20-\x7e]*)\r\n/.test(text) &&
    !text.startsWith('#')
  );
}

function isText(text: string): boolean {
  return (
    !/[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]/.test(text) && !/[\xc0\xc1\xf5-\xff]/.test(text) && text.trim().length > 0
  );
}

function textContent(text: string): ForeignContent | undefined {
  const lines = text.split(/\r?\n/);
  // The last one may be cut.
  const whole = lines.length > 1 ? lines.slice(0, -1) : lines;
  const filled = whole.filter((line) => line.trim() !== '');
  if (filled.every((line) => line.startsWith('#')) && filled.length === whole.length) return undefined;
  const isTyped = (line: string) => typedCommands.has((/^\s*(\S+)/.exec(line)?.[1] ?? '').toLowerCase());
  if (filled.length > 0 && filled.every(isTyped))
    return wrapped('inline', 'commands as they are typed, one a line (inline commands)');
  const first = text.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (/^[{[]/.test(first) && isJson(first)) return foreign('JSON');
  if (/^(---|%YAML|[\w-]+:( |\n|\r))/.test(first)) return foreign('text, such as YAML');
  return foreign('text');
}

const isJson = (text: string): boolean => /^(\{\s*("|\})|\[\s*(["{[\]\d-]|true|false|null))/.test(text);
