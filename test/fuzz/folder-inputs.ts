/* Folders of the fuzz: multi-part AOFs with flawed manifests, data folders with flawed configurations. */
import { logOf } from '../../fixtures/generate/flaws/inputs.ts';
import type { Random } from '../../fixtures/generate/flaws/random.ts';

export type Files = Readonly<Record<string, Buffer>>;
/** Makes the bytes of one file, of any number. */
export interface Contents {
  readonly rdb: () => Buffer;
  readonly log: () => Buffer;
  /** Bytes changed, or not. */
  readonly change: (bytes: Buffer) => Buffer;
}

const manifestFlaws = [
  ...[
    'file',
    'file "a b\\x00" seq 1 type i',
    'file ../x seq 3 type i',
    'file a seq -1 type z',
    'seq seq',
    '',
    '#',
    '"',
    '\0',
  ],
  ...['file a.aof.1.base.rdb seq 1 type b', 'file a.aof.9.incr.aof seq 9 type i', 'file a.aof.1.incr.aof seq 1 type h'],
  ...[
    'file a.aof.2.incr.aof seq 1 type i',
    'file a.aof.1.incr.aof seq 99999999999999999999 type i startoffset 0',
    'file . seq 4 type i',
  ],
  ...[
    'file a.aof.3.incr.aof seq 3 type i startoffset 100',
    'file x seq 1 type b extra word',
    'file sub seq 4 type i',
    'x'.repeat(1100),
  ],
];

export function multiPart(random: Random, { rdb, log, change }: Contents): Files {
  const base = random.once(6) ? 'a.aof.1.base.aof' : 'a.aof.1.base.rdb';
  const lines = [`file ${base} seq 1 type b`];
  const parts: Record<string, Buffer> = { [base]: change(base.endsWith('.aof') ? log() : rdb()) };
  if (random.once(6)) lines.splice(0);
  const increments = random.below(4);
  for (let number = 1; number <= increments; number++) {
    lines.push(`file a.aof.${number}.incr.aof seq ${number} type i`);
    if (!random.once(15)) parts[`a.aof.${number}.incr.aof`] = random.once(6) ? Buffer.alloc(0) : change(log());
  }
  if (random.once(5)) lines.push('file a.aof.0.base.rdb seq 0 type h');
  for (let count = random.once(3) ? 1 + random.below(2) : 0; count > 0; count--)
    lines.splice(random.below(lines.length + 1), random.below(2), random.pick(manifestFlaws));
  const text = Buffer.from(`${lines.join(random.once(9) ? '\r\n' : '\n')}${random.once(9) ? '' : '\n'}`, 'latin1');
  return { ...(random.once(25) ? {} : { 'a.aof.manifest': random.once(4) ? change(text) : text }), ...parts };
}

const settingFlaws = [
  ...[
    'include *',
    'include redis.conf',
    'include /dev/null',
    'include ./nope.conf',
    'databases 0',
    'databases 2147483648',
  ],
  ...[
    'save "',
    'save 1',
    'appenddirname ..',
    'appenddirname a/b',
    'appendfilename ""',
    'dbfilename ../x',
    '"',
    '\0\0',
    'x'.repeat(2000),
  ],
  ...[
    'rename-command SET ""',
    'rename-command SET put',
    'dir /',
    'dir .',
    'loadmodule x.so',
    'hash-max-listpack-entries -1',
  ],
  ...[
    'appendonly maybe',
    'aof-load-truncated no',
    'aof-use-rdb-preamble no',
    'rdbchecksum no',
    'maxmemory 1gb',
    'maxmemory -5',
  ],
  ...[
    'user default on >x',
    'cluster-enabled yes',
    'sanitize-dump-payload yes',
    'port',
    'Port 0 1 2',
    'no-such-setting 1',
  ],
];

export function dataFolder(random: Random, contents: Contents): Files {
  const lines = ['appendonly yes', 'appendfilename a.aof', 'appenddirname parts', 'dbfilename dump.rdb', 'databases 4'];
  for (let count = random.below(4); count > 0; count--)
    lines.splice(random.below(lines.length + 1), random.below(2), random.pick(settingFlaws));
  const text = Buffer.from(`${lines.join('\n')}\n`, 'latin1');
  const parts = Object.entries(multiPart(random, contents)).map(([name, bytes]) => [`parts/${name}`, bytes] as const);
  return {
    'redis.conf': random.once(4) ? contents.change(text) : text,
    ...(random.once(5) ? {} : { 'dump.rdb': contents.change(contents.rdb()) }),
    ...(random.once(3) ? {} : Object.fromEntries(parts)),
    ...(random.once(6) ? { 'a.aof': contents.change(contents.log()) } : {}),
    ...(random.once(9) ? { 'temp-123.rdb': contents.rdb().subarray(0, 40), 'nodes.conf': logOf([['x']]) } : {}),
  };
}
