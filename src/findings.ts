/**
 * What `check` finds. A finding's code is stable: scripts match on it, and the tests assert it. `catalog` holds, for each code,
 * how bad it is, whether `repair` can mend it, and what a server does with such a file, in the words that its log uses.
 */
export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
  readonly severity: Severity;
  readonly code: string;
  /** The file, as the user can open it. */
  readonly file: string;
  /** Absolute offset in that file, bytes (of the decompressed data where the file is compressed). */
  readonly offset: number;
  /** Bytes affected, where known. */
  readonly length?: number;
  /** Commands before this one in its file, counted from 1, and the command's name. */
  readonly command?: { readonly ordinal: number; readonly name: string };
  /** The RDB key at hand; `name` escapes every byte that is not printable. */
  readonly key?: { readonly name: string; readonly db: number; readonly type: string };
  readonly expected?: string;
  readonly found?: string;
  readonly message: string;
  /** Whether `repair` can mend it. */
  readonly repairable: boolean;
  /** What the server would do with this file, and what to do about it. */
  readonly advice: string;
  /**
   * True where the bytes may be right and this build does not know them: of a newer server version, or of another product. Never
   * repairable, and nothing is said of what a server would do.
   */
  readonly unsupported?: true;
  /** Which product wrote the file, with its version, where the file says so: `Dragonfly v1.38.1`. */
  readonly product?: string;
}

export interface FindingRule {
  readonly severity: Severity;
  readonly message: string;
  readonly repairable: boolean;
  readonly advice: string;
  readonly unsupported?: true;
}

const error = (message: string, repairable: boolean, advice: string): FindingRule => ({
  severity: 'error',
  message,
  repairable,
  advice,
});
const warning = (message: string, advice: string): FindingRule => ({
  severity: 'warning',
  message,
  repairable: true,
  advice,
});
const info = (message: string, advice: string): FindingRule => ({
  severity: 'info',
  message,
  repairable: false,
  advice,
});

/** What may be right, and what this build cannot judge. */
const unsupported = (message: string, advice: string): FindingRule => ({
  severity: 'error',
  message,
  repairable: false,
  advice,
  unsupported: true,
});

const newerOrForeign =
  'It may be of a newer server version or of another product, and is not damage. Nothing behind it can be read; nothing of the file is repaired, dropped or converted. Use a newer aofkit, or the product that wrote the file.';

const badFormat = 'The server exits with "Bad file format reading the append only file".';
const shortRead =
  'The server logs "short read while loading the AOF file", truncates the file here and starts (aof-load-truncated yes), or exits with "Unexpected end of file reading the append only file".';
const rdbInternal = 'The server exits with "Internal error in RDB reading offset" while loading.';
const rdbShort = 'The server exits with "Short read or OOM loading DB. Unrecoverable error, aborting now".';
const manifestFatal = 'The server exits with "FATAL AOF MANIFEST FILE ERROR".';

/** Rules by code; a code that is not here takes the rule of its longest known prefix (`listpack.entry` for `listpack.entry.backlen`). */
const rules = {
  'aof.truncated': error('the file ends inside a command', true, shortRead),
  'aof.truncated.not-last': error(
    'a part that is not the last one ends inside a command',
    true,
    'The server truncates this part, then exits with "the truncated file is not the last file"; redis-check-aof refuses to fix it.',
  ),
  'aof.transaction.unclosed': error(
    'a MULTI has no EXEC',
    true,
    'The server logs "Revert incomplete MULTI/EXEC transaction in AOF file" and truncates the file before the MULTI, if it is the last part.',
  ),
  'aof.transaction.nested': error(
    'MULTI inside MULTI',
    true,
    'The server logs an error reply for it and goes on; redis-check-aof calls the file not valid.',
  ),
  'aof.transaction.exec-without-multi': error(
    'EXEC without MULTI',
    true,
    'The server logs "ERR EXEC without MULTI" and goes on; redis-check-aof calls the file not valid.',
  ),
  'aof.transaction.discard': error(
    'DISCARD or RESET inside a transaction',
    false,
    'No server logs it, and every server crashes at the EXEC that follows: take the command out by hand.',
  ),
  'aof.tail.nul': error(
    'the file ends in NUL bytes, as a power loss leaves it',
    true,
    `${badFormat} Redis 8.4 and later cut such a tail when aof-load-corrupt-tail-max-size allows it.`,
  ),
  'aof.header': error('this is not the start of a command', true, badFormat),
  'aof.argument': error('an argument is not framed as it must be', true, badFormat),
  'aof.header.terminator': error(
    'a header line does not end in CRLF',
    true,
    'redis-check-aof calls the file not valid; the server itself reads a header line up to its LF and may load it.',
  ),
  'aof.argument.terminator': error(
    'an argument is not followed by CRLF',
    true,
    'The server skips the two bytes unread and goes on with whatever comes then, mostly "Bad file format"; redis-check-aof calls the file not valid.',
  ),
  'aof.argument.length': error(
    'the length of an argument is not possible',
    true,
    'The server tries to allocate that much and crashes, or exits with "Bad file format reading the append only file".',
  ),
  'aof.annotation': error('an annotation line is not valid', true, badFormat),
  'aof.command.unknown': error(
    'no command can have this name: it is damaged',
    true,
    'The server exits with "Unknown command \'…\' reading the append only file"; redis-check-aof does not see it.',
  ),
  'aof.command.unsupported': unsupported(
    'the command is not known to this build of aofkit',
    'It may be a command of a newer server version or of another product, or one that was renamed with rename-command (see repair --rename-command). It is framed as a command must be. Its effect is not known: repair never removes it, and nothing that needs its effect is computed.',
  ),
  'aof.command.arity': error(
    'the command has the wrong number of arguments',
    true,
    'Redis does not check this while loading and may crash on it; Valkey 9 exits. redis-check-aof does not see it.',
  ),
  'aof.command.module': warning(
    'the command belongs to a module',
    'The server exits with "Unknown command \'…\' reading the append only file" unless that module is loaded.',
  ),
  'aof.command.keydb': info(
    'commands that only KeyDB has',
    'No Redis or Valkey knows them: it ends at the first. digest, rewrite and convert run them, RREPLAY with the commands that it carries.',
  ),
  'aof.command.unsupported.arguments': unsupported(
    'the command has more arguments than this build of aofkit knows',
    'It may be a form of a newer server version or of another product. It is framed as a command must be: repair never removes it. The versions that aofkit knows refuse it or do not check it.',
  ),
  'aof.command.script': info(
    'the command runs a script',
    'The server runs it while loading. Redis 7.0 and later still know the command, but a script that an old server had cached may be missing.',
  ),
  'aof.command.vadd-cas': {
    ...warning(
      'VADD with the option CAS outside of a transaction',
      'Redis logs it so, and its loader crashes with a failed assertion (fakeClient->flags & CLIENT_BLOCKED) where the key exists and the element does not. What rewrite writes has no such commands.',
    ),
    repairable: false,
  },
  'aof.findings.more': info('more findings than are kept', 'Raise --limit to see them all.'),

  'rdb.signature': error(
    'the file does not start as an RDB does',
    false,
    'The server exits with "Wrong signature trying to load DB from file".',
  ),
  'rdb.version': error(
    'the version of the RDB format is not known',
    false,
    'The server exits with "Can\'t handle RDB format version".',
  ),
  'rdb.unsupported.magic': unsupported(
    'the file begins with a magic that is not known to this build of aofkit',
    newerOrForeign,
  ),
  'rdb.unsupported.version': unsupported(
    'the version of the RDB format is not known to this build of aofkit',
    newerOrForeign,
  ),
  'rdb.unsupported.envelope': unsupported(
    'the envelope around the RDB is not known to this build of aofkit',
    newerOrForeign,
  ),
  'rdb.unsupported.type': unsupported('the value type is not known to this build of aofkit', newerOrForeign),
  'rdb.unsupported.opcode': unsupported('the opcode is not known to this build of aofkit', newerOrForeign),
  'rdb.unsupported.value': unsupported(
    'the value does not have the layout that this build of aofkit knows for its type',
    newerOrForeign,
  ),
  'rdb.unsupported.encoding': unsupported('the string encoding is not known to this build of aofkit', newerOrForeign),
  'rdb.truncated': error('the file ends inside the RDB', true, rdbShort),
  'rdb.type': error('no value type has this number', true, rdbInternal),
  'rdb.opcode': error('no value type or opcode has this number', true, rdbInternal),
  'rdb.length': error('a length is not encoded as it must be', true, rdbInternal),
  'rdb.string': error('a string is not encoded as it must be', true, rdbInternal),
  'rdb.lzf': error(
    'a compressed string does not decompress',
    true,
    'The server exits with "Invalid LZF compressed string".',
  ),
  'rdb.value': error('a value is not what its type says', true, rdbInternal),
  'rdb.value.duplicate': error(
    'an element stands twice in one value',
    true,
    'The server exits with "Duplicate … detected" or "Hash with dup elements".',
  ),
  'rdb.value.unreadable': error(
    'a value is of a type that this release does not read',
    false,
    'The server exits with "Unknown RDB encoding type". convert writes the data for it.',
  ),
  'rdb.update': error(
    'a command within the RDB (opcode UPDATE) is not framed as it must be',
    false,
    'No released server was seen that loads such a record from a file.',
  ),
  'rdb.update.present': info(
    'commands stand between the keys (opcode UPDATE of Valkey 9.2)',
    'A replica saved a full synchronisation as it came. digest, rewrite and convert run the commands on the keys before them; whether a server loads the file was not seen.',
  ),
  'zset.score.compact': warning(
    'a score of a compact sorted set is NaN',
    'Valkey 9.1 refuses it; other servers load it while the set is small, and end when it grows.',
  ),
  'stream.inconsistent': warning('a node of a stream counts wrongly', 'Valkey 9.1 refuses to load it.'),
  'stream.added': warning('a stream counts fewer additions than it has entries', 'Redis 8.10 and later refuse it.'),
  'rdb.member-expiry': info(
    'members of keys have an expiry of their own (KeyDB)',
    'Redis and Valkey pass over it: there, the members never expire. convert and rewrite write it where the target has such an expiry, and list it as a loss elsewhere.',
  ),
  'rdb.cron': info(
    'scheduled jobs of KeyDB (KEYDB.CRON), a type that only KeyDB has',
    'No Redis or Valkey loads the file: it ends at the first. convert and rewrite list them as losses.',
  ),
  'rdb.value.empty': warning(
    'the value has no elements',
    'The server skips the key and logs it ("skipping empty key"); RESTORE would refuse it.',
  ),
  'rdb.value.large': info(
    'the value is too large to be validated in depth',
    'Its framing was checked, its elements were not.',
  ),
  'rdb.key.duplicate': error(
    'the key stands twice in one database',
    true,
    'The server exits with "RDB has duplicated key"; redis-check-rdb does not see it.',
  ),
  'rdb.key.duplicates-unchecked': info(
    'there were too many keys to look for duplicates in one reading',
    'Give the file itself, not a pipe, to have it read a second time.',
  ),
  'rdb.module': error('module data is not framed as it must be', true, rdbInternal),
  'rdb.module.vector-set': error(
    'a vector set is not built as it must be',
    true,
    'The server exits with "The RDB file contains module data for the module type \'vectorset\', that the responsible module is not able to load".',
  ),
  'rdb.module.needed': warning(
    'the data belongs to a module',
    'The server exits with "The RDB file contains module data I can\'t load" unless that module is loaded.',
  ),
  'rdb.module.aux': warning(
    'auxiliary data of a module',
    'Only a server with that module can load it. A rewrite cannot carry it over.',
  ),
  'rdb.module.pre-release': error(
    'a value in the module format of before Redis 4.0.0, whose end nobody can find',
    false,
    'The server exits with "Pre-release module format not supported".',
  ),
  'rdb.function': error(
    'a function library is not valid',
    true,
    'The server exits with "Failed loading library" or "Pre-release function format not supported".',
  ),
  'rdb.checksum.mismatch': error(
    'the checksum does not fit the bytes',
    true,
    'The server exits with "Wrong RDB checksum expected". The parse found no other fault: set rdbchecksum no to load it all the same, and distrust the values.',
  ),
  'rdb.checksum.disabled': info(
    'the checksum is zero: it was saved with rdbchecksum no',
    'The server loads it without a check, and so nothing tells whether values were damaged.',
  ),
  'rdb.database.range': warning(
    'a database number beyond the 16 that a server has by default',
    'The server exits with "Data file was created with a Redis server configured to handle more than … databases" unless its setting `databases` allows for it.',
  ),
  'aof.database.range': warning(
    'SELECT of a database beyond the 16 that a server has by default',
    'The server logs "ERR DB index is out of range" and applies what follows to the database that was selected before, unless its setting `databases` allows for it.',
  ),
  'rdb.trailing': warning(
    'bytes follow the end of the RDB',
    'The server and redis-check-rdb ignore what follows the checksum.',
  ),
  listpack: error(
    'a listpack is damaged',
    true,
    'The server exits with "listpack integrity check failed" (with sanitize-dump-payload yes; else it may crash later).',
  ),
  ziplist: error('a ziplist is damaged', true, 'The server exits with "ziplist integrity check failed".'),
  intset: error('an intset is damaged', true, 'The server exits with "Intset integrity check failed".'),
  zipmap: error('a zipmap is damaged', true, 'The server exits with "Zipmap integrity check failed".'),
  quicklist: error('a list is damaged', true, 'The server exits with "Quicklist integrity check failed".'),
  stream: error('a stream is damaged', true, rdbInternal),
  hash: error('a hash is damaged', true, rdbInternal),
  'path-hash': error('a path hash is damaged', true, rdbInternal),
  'path-hash.empty': warning(
    'a path hash without any path',
    'The release candidates of Valkey 9.2 keep such a key, its release removes a path hash with its last path. convert keeps it for Valkey 9.2.',
  ),
  'path-hash.path.duplicate': error(
    'a path stands twice in one path hash',
    true,
    'The server exits with "Duplicate pathhash path".',
  ),
  'path-hash.path.empty': error(
    'a path without any field',
    true,
    'The server exits with "Path hash path with empty payload".',
  ),
  'path-hash.field.duplicate': error(
    'a field stands twice at one path',
    true,
    'The server exits with "Duplicate pathhash payload field".',
  ),
  bitmap: error(
    'a native bitmap is damaged',
    false,
    'Redis 8.12 refuses it. That the type number is that of bitmaps no released server confirms, so that the value is left as it is.',
  ),
  'set.expiry': error(
    'a set with expiring members is damaged',
    false,
    'Redis 8.12 refuses it. That the type number is that of such sets no released server confirms, so that the value is left as it is.',
  ),
  set: error('a set is damaged', true, rdbInternal),
  zset: error('a sorted set is damaged', true, rdbInternal),

  'manifest.line': error('a line of the manifest is not valid', true, manifestFatal),
  'manifest.base': error('there is more than one base', true, manifestFatal),
  'manifest.sequence': error('a sequence number is not valid', true, manifestFatal),
  'manifest.type': error('a part has an unknown type', true, manifestFatal),
  'manifest.empty': error('the manifest is empty', true, `${manifestFatal} Reason: "Found an empty AOF manifest".`),
  'manifest.missing': error(
    'there are parts of a multi-part AOF but no manifest',
    true,
    'The server finds no AOF, starts empty and writes new files beside the old data.',
  ),
  'backup.sealed': info(
    'a backup of Redis 8.10, sealed',
    'To restore it, start Redis 8.10 or later with preload-file aof:PATH and the path of its manifest, or copy its three files into an empty appenddirname folder. Its parts may be hard links that a live AOF shares, so nothing is ever written there. Its log ends at a whole command: a torn tail is damage, or a copy that did not finish.',
  ),
  'backup.unsealed': {
    severity: 'warning',
    message: 'a backup of Redis 8.10 that is not sealed: base only, state as of START',
    repairable: false,
    advice:
      'It is not complete: BACKUP SEAL adds the log since then and the manifest. What is there can be restored with preload-file rdb:PATH and the path of the base.',
  },
  'manifest.surplus': error(
    'there is more than one manifest in the folder',
    false,
    'The server reads only the one named by appendfilename; say which one is meant.',
  ),
  'manifest.part.missing': error(
    'a part that the manifest names is not there',
    true,
    'The server exits with "Unable to obtain the AOF file length".',
  ),
  'manifest.part.unreadable': error('a part that the manifest names cannot be read', false, 'The server exits.'),
  'manifest.part.orphan': warning(
    'a part of the AOF is not named by the manifest',
    'The server ignores it: if it belongs to the data, the data is incomplete.',
  ),
  'manifest.part.history': info(
    'a history file is still there',
    'The server deletes it at the next start. It is not loaded.',
  ),
  'manifest.part.temporary': warning('a temporary file of a rewrite that did not finish', 'The server ignores it.'),

  'input.foreign': error(
    'this is no file of Redis or Valkey',
    false,
    'Nothing of it is read as data, and nothing is written in its place. Decompress, decrypt or extract it first, or name another file.',
  ),
  'input.wrapped': error(
    'an RDB or a log in a form that no server loads as it stands',
    true,
    '`aofkit repair FILE -o OUT` turns it into what it was.',
  ),
  'folder.unreadable': warning(
    'an entry of the folder could not be looked at',
    'Nothing is known of it. The rest was checked.',
  ),
  'folder.data-unreadable': error(
    'a file of the folder that has a name of data cannot be read',
    false,
    'Nothing is known of it. The rest was checked. A server that is to load it exits.',
  ),
  'folder.stray': info(
    'data lies where no server reads it',
    'A server loads what its settings name: appenddirname, appendfilename and dbfilename. To load this file, give it such a name.',
  ),
  'folder.temporary': info(
    'a file is left from a save or rewrite that did not finish',
    'No server reads it. It need not be whole, and was not checked.',
  ),

  'input.gzip': error('the gzip data is damaged', false, 'Nothing after this can be had from the compressed file.'),
  'input.empty': warning(
    'the file is empty',
    'The server loads it as a dataset without keys: if there were any, the data are lost or lie in another file.',
  ),
  'rdb.envelope': error(
    'the compressed envelope around the RDB is damaged',
    true,
    'Valkey 9.2 exits with "Corrupt streaming-compressed RDB input. Unrecoverable error, aborting now".',
  ),
  'rdb.envelope.truncated': error(
    'the file ends inside the compressed envelope around the RDB',
    true,
    'Valkey 9.2 exits with "Corrupt streaming-compressed RDB input", or "Compressed RDB stream did not end cleanly".',
  ),
  'rdb.envelope.limit': error(
    'the compressed frame needs more memory than is given to it',
    false,
    'It is not damage. Decompress the file with zstd --long=31 after cutting off its first 7 bytes.',
  ),
  'input.changed': warning(
    'the file changed while it was read',
    'A server may be writing to it: check a copy, or check again.',
  ),
} as const satisfies Readonly<Record<string, FindingRule>>;

export const catalog: Readonly<Record<string, FindingRule>> = rules;

type KnownCode = keyof typeof rules;
/** A code of the table, or one that says more: it takes the rule of its longest known prefix. */
export type FaultCode = KnownCode | `${KnownCode}.${string}`;

/** The rule for `code`: its own, or the one of its nearest prefix. */
export function ruleOf(code: string): FindingRule {
  for (let prefix = code; prefix !== ''; prefix = prefix.slice(0, Math.max(prefix.lastIndexOf('.'), 0))) {
    const rule = catalog[prefix];
    if (rule !== undefined) return rule;
  }
  throw new Error(`no rule for the finding ${code}`);
}

export type FindingDetails = Partial<Omit<Finding, 'code' | 'file' | 'offset'>>;

/** Whether a code says that something is not known to this build, and not that it is damaged. */
export function isUnsupported(code: string): boolean {
  return code.startsWith('rdb.unsupported.') || code.startsWith('aof.command.unsupported');
}

/** A finding by its code's rule; `details` override the rule. */
export function finding(code: string, file: string, offset: number, details: FindingDetails = {}): Finding {
  const rule = ruleOf(code);
  const repairable = rule.unsupported ? false : (details.repairable ?? rule.repairable);
  return { ...rule, ...details, repairable, code, file, offset };
}
