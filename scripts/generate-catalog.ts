/*
 * Writes src/servers/commands.generated.ts: asks each real server for its commands (COMMAND, COMMAND DOCS) and adds,
 * from the tables below, what the generations without a server at hand know.
 *
 *   npx tsx scripts/generate-catalog.ts
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { askedGenerations, type Generation, generationSet, generations } from '../src/servers/generations.ts';
import { type Reply, ReplyError } from '../test/support/reply.ts';
import { cleanUp, type Server, type ServerName, serverNames, startServer } from '../test/support/server-process.ts';

/** What one generation says of one command. */
interface Fact {
  name: string;
  group: string;
  arity: number;
  flags: string;
  firstKey: number;
  lastKey: number;
  keyStep: number;
  since: string;
}

/** The server's flag names, the letter that the table has for each, and what it means. */
const flagLetters: readonly (readonly [flag: string, letter: string, meaning: string])[] = [
  ['write', 'w', 'may change the dataset'],
  ['readonly', 'r', 'reads keys only'],
  ['may-replicate', 'p', 'no write by its flags, yet some version writes it to an AOF'],
  ['blocking', 'b', 'may block its client; never in an AOF'],
  ['movablekeys', 'm', 'the key positions do not tell all keys: they depend on the arguments'],
  ['container', 'c', 'stands before a subcommand, which has a row of its own'],
  ['module', 'o', 'of a module that only some builds include (vector sets), or compiled in on demand (GCRA)'],
  ['documentation', 'd', 'entered by hand from documentation and sources: no server at hand told it'],
];

/** What the servers' MAY_REPLICATE flag marks, which COMMAND does not show, and what AOFs up to 6.2 hold of scripts. */
const mayReplicate = new Set([
  ...['EVAL', 'EVALSHA', 'FCALL', 'PFCOUNT', 'PUBLISH', 'SPUBLISH', 'SCRIPT'],
  ...['SCRIPT LOAD', 'SCRIPT FLUSH', 'SELECT', 'MULTI', 'EXEC'],
]);

/**
 * What releases without a server at hand add to the one before, or say otherwise than it: from their command JSON and documentation.
 * Name, group, arity, flags, keys. A command that only reads and whose arity is not known has the least.
 */
const added: Readonly<Partial<Record<Generation, readonly string[]>>> = {
  'redis-8.8': [
    'INCREX string -2 w 1 1 1',
    'XNACK stream -7 w 1 1 1',
    'SUNIONCARD set -3 rm 0 0 0',
    'SDIFFCARD set -3 rm 0 0 0',
    'ARCOUNT array 2 r 1 1 1',
    'ARDEL array -3 w 1 1 1',
    'ARDELRANGE array -4 w 1 1 1',
    'ARGET array 3 r 1 1 1',
    'ARGETRANGE array 4 r 1 1 1',
    'ARGREP array -6 r 1 1 1',
    'ARINFO array -2 r 1 1 1',
    'ARINSERT array -3 w 1 1 1',
    'ARLASTITEMS array -3 r 1 1 1',
    'ARLEN array 2 r 1 1 1',
    'ARMGET array -3 r 1 1 1',
    'ARMSET array -4 w 1 1 1',
    'ARNEXT array 2 r 1 1 1',
    'AROP array -5 r 1 1 1',
    'ARRING array -4 w 1 1 1',
    'ARSCAN array -4 r 1 1 1',
    'ARSEEK array 3 w 1 1 1',
    'ARSET array -4 w 1 1 1',
    'GCRA rate-limit -5 wo 1 1 1',
    'GCRASETVALUE rate-limit 3 wo 1 1 1',
  ],
  'redis-8.10': [
    'LMOVEM list -5 w 1 2 1',
    'BLMOVEM list -6 wb 1 2 1',
    'HIMPORT hash -2 c 0 0 0',
    'HIMPORT PREPARE hash -4 - 0 0 0',
    'HIMPORT SET hash -5 w 2 2 1',
    'HIMPORT DISCARD hash 3 - 0 0 0',
    'HIMPORT DISCARDALL hash 2 - 0 0 0',
    'BACKUP server -1 - 0 0 0',
  ],
  'redis-8.12': [
    'BITCONVERT bitmap -2 w 1 1 1',
    'BITROAROP bitmap -4 w 2 -1 1',
    'BITRANGEINTARRAY bitmap -2 r 1 1 1',
    'BLESS generic -2 c 0 0 0',
    'BLESS CLEAR generic 4 w 2 2 1',
    'BLESS GET generic 3 r 2 2 1',
    'BLESS SCAN generic -4 r 0 0 0',
    'BLESS SET generic -3 w 2 2 1',
    'BZMOVE sorted-set -5 wb 1 2 1',
    'SADDEX set -5 w 1 1 1',
    'SEXPIRE set -6 w 1 1 1',
    'SEXPIREAT set -6 w 1 1 1',
    'SEXPIRETIME set -5 r 1 1 1',
    'SPERSIST set -5 w 1 1 1',
    'SPEXPIRE set -6 w 1 1 1',
    'SPEXPIREAT set -6 w 1 1 1',
    'SPEXPIRETIME set -5 r 1 1 1',
    'SPTTL set -5 r 1 1 1',
    'STTL set -5 r 1 1 1',
    'ZMOVE sorted-set -4 w 1 2 1',
    'ZMOVEMEMBER sorted-set -6 w 1 2 1',
  ],
  'valkey-9.2': [
    'DELEX string -2 w 1 1 1',
    'EXEC transactions -1 p 0 0 0',
    'MOVE generic -3 w 1 1 1',
    'PHCARD pathhash -2 r 1 1 1',
    'PHDEL pathhash -3 w 1 1 1',
    'PHDELPREFIX pathhash 3 w 1 1 1',
    'PHEXISTS pathhash -2 r 1 1 1',
    'PHGET pathhash -2 r 1 1 1',
    'PHGETALL pathhash -2 r 1 1 1',
    'PHLONGEST pathhash -2 r 1 1 1',
    'PHMGET pathhash -2 r 1 1 1',
    'PHMSET pathhash -7 w 1 1 1',
    'PHPREFIXES pathhash -2 r 1 1 1',
    'PHSCAN pathhash -2 r 1 1 1',
    'PHSET pathhash -7 w 1 1 1',
    'XACKDEL stream -6 w 1 1 1',
    'XDELEX stream -5 w 1 1 1',
  ],
};

/** Families of module commands: `PREFIX.` and the module that has them. */
const modulePrefixes: readonly (readonly [prefix: string, module: string])[] = [
  ['JSON.', 'RedisJSON or valkey-json'],
  ['BF.', 'RedisBloom or valkey-bloom'],
  ['CF.', 'RedisBloom'],
  ['CMS.', 'RedisBloom'],
  ['TOPK.', 'RedisBloom'],
  ['TDIGEST.', 'RedisBloom'],
  ['TS.', 'RedisTimeSeries'],
  ['TIMESERIES.', 'RedisTimeSeries'],
  ['FT.', 'RediSearch or valkey-search'],
  ['_FT.', 'RediSearch'],
  ['SEARCH.', 'RediSearch'],
  ['GRAPH.', 'RedisGraph or FalkorDB'],
  ['AI.', 'RedisAI'],
  ['RG.', 'RedisGears'],
  ['REDISGEARS_2.', 'RedisGears 2'],
  ['CL.', 'redis-cell'],
  ['R.', 'redis-roaring'],
  ['R64.', 'redis-roaring'],
  ['CUCKOO.', 'redis-cuckoofilter'],
  ['TR.', 'TairRoaring'],
  ['TENSORS.', 'RedisAI'],
  ['RSMQ.', 'RSMQ'],
  ['LDAP.', 'valkey-ldap'],
];

/** Module commands without such a prefix. */
const moduleNames: readonly (readonly [name: string, module: string])[] = [
  ['TFUNCTION', 'RedisGears 2'],
  ['TFCALL', 'RedisGears 2'],
  ['TFCALLASYNC', 'RedisGears 2'],
  ...['EXHSET', 'EXHDEL', 'EXHMSET', 'EXHINCRBY', 'EXHPEXPIREAT'].map((name) => [name, 'TairHash'] as const),
  ...['EXSET', 'EXINCRBY', 'EXCAS', 'EXCAD', 'EXAPPEND'].map((name) => [name, 'TairString'] as const),
  ...['EXZADD', 'EXZREM', 'EXZINCRBY'].map((name) => [name, 'TairZset'] as const),
];

const facts = new Map<Generation, Map<string, Fact>>();
for (const name of serverNames) facts.set(name, await askServer(name));
for (const generation of generations) if (!askedGenerations.has(generation)) addToCopy(generation);
const target = fileURLToPath(new URL('../src/servers/commands.generated.ts', import.meta.url));
writeFileSync(target, formatFile());
cleanUp();

async function askServer(name: ServerName): Promise<Map<string, Fact>> {
  const server = await startServer(name);
  // Since 8.0 internal commands, which an AOF may hold, are shown to internal connections only.
  await server.attempt('DEBUG', 'PROMOTE-CONN-INTERNAL');
  const rows = (await server.command('COMMAND')) as Reply[][];
  const docs = await askDocs(server);
  const found = new Map<string, Fact>();
  for (const row of rows) {
    for (const one of [row, ...((row[9] as Reply[][] | undefined) ?? [])]) {
      const fact = readFact(one, docs);
      found.set(fact.name, fact);
    }
  }
  await server.stop();
  return found;
}

/** Group and first version of each command and subcommand, by the server's own name. */
async function askDocs(server: Server): Promise<Map<string, Record<string, Reply>>> {
  const docs = new Map<string, Record<string, Reply>>();
  const collect = (reply: Reply) => {
    if (!Array.isArray(reply)) return;
    for (let i = 0; i < reply.length; i += 2) {
      const pairs = reply[i + 1] as Reply[];
      const doc: Record<string, Reply> = {};
      for (let k = 0; k < pairs.length; k += 2) doc[String(pairs[k])] = pairs[k + 1];
      docs.set(String(reply[i]), doc);
      collect(doc.subcommands ?? null);
    }
  };
  const reply = await server.attempt('COMMAND', 'DOCS');
  if (!(reply instanceof ReplyError)) collect(reply);
  return docs;
}

function readFact(row: Reply[], docs: Map<string, Record<string, Reply>>): Fact {
  const doc = docs.get(String(row[0]));
  const flags = new Set((row[2] as Reply[]).map(String));
  if (Array.isArray(row[9]) && row[9].length > 0) flags.add('container');
  const name = String(row[0]).toUpperCase().replace('|', ' ');
  if (mayReplicate.has(name)) flags.add('may-replicate');
  const letters = flagLetters.filter(([flag]) => flags.has(flag)).map(([, letter]) => letter);
  return {
    name,
    group: flags.has('module') ? 'vector-set' : doc ? String(doc.group) : '',
    arity: Number(row[1]),
    flags: letters.join(''),
    firstKey: Number(row[3]),
    lastKey: Number(row[4]),
    keyStep: Number(row[5]),
    since: doc ? String(doc.since) : '',
  };
}

/** A release that could not be asked has what the one before it in its fork has, and what is entered by hand. */
function addToCopy(generation: Generation): void {
  const [fork, version] = generation.split('-');
  const ofFork = generations.filter((one) => one.startsWith(fork));
  facts.set(generation, new Map(facts.get(ofFork[ofFork.indexOf(generation) - 1])));
  addRows(generation, added[generation] ?? [], `${version}.0`);
}

function addRows(generation: Generation, rows: readonly string[], since: string): void {
  for (const row of rows) {
    const [, name, group, arity, flags, ...keys] = /^(.+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)$/.exec(row)!;
    const [firstKey, lastKey, keyStep] = keys.map(Number);
    const fact = {
      name,
      group,
      arity: Number(arity),
      flags: `${flags.replace('-', '')}d`,
      firstKey,
      lastKey,
      keyStep,
      since: facts.get(generation)!.get(name)?.since ?? since,
    };
    facts.get(generation)!.set(name, fact);
  }
}

function formatRow(name: string): string {
  const known = generations.filter((generation) => facts.get(generation)!.has(name));
  const all = known.map((generation) => facts.get(generation)!.get(name)!);
  const redis = known.filter((generation) => generation.startsWith('redis'));
  const fact = facts.get(redis.at(-1) ?? known.at(-1)!)!.get(name)!;
  const group = fact.group || all.find((one) => one.group)?.group || 'server';
  const since = fact.since || all.find((one) => one.since)?.since || '1.0.0';
  const set = generationSet(known);
  const arities = [...new Set(all.map((one) => one.arity))].filter((arity) => arity !== fact.arity);
  const others = arities.map((arity) => {
    const those = known.filter((generation) => facts.get(generation)!.get(name)!.arity === arity);
    return `[${arity}, ${generationSet(those)}]`;
  });
  const keys = [fact.firstKey, fact.lastKey, fact.keyStep].join(', ');
  const start = `'${name}', '${group}', ${fact.arity}, '${fact.flags}', ${keys}, '${since}', ${set}`;
  return others.length === 0 ? `  [${start}],` : `  [${start}, [${others.join(', ')}]],`;
}

function formatFile(): string {
  const names = [...new Set(generations.flatMap((generation) => [...facts.get(generation)!.keys()]))].sort();
  const pairs = (rows: readonly (readonly [string, string])[]) => rows.map(([a, b]) => `  ['${a}', '${b}'],`);
  return [
    '// Written by scripts/generate-catalog.ts from COMMAND and COMMAND DOCS of real servers: do not edit.',
    '',
    "import type { GenerationSet } from './generations.ts';",
    '',
    '/**',
    " * One command, upper case, or a subcommand as 'XGROUP CREATE' (redis-6.0 does not list subcommands: it is never in their sets).",
    ' *',
    ' * - arity: the count of arguments with the name (a subcommand: with both names); negative: at least that many.',
    ' *   It is that of the newest Redis that knows the command; otherArities names those that differ, with the releases that have them.',
    ` * - flags: ${flagLetters.map(([, letter, meaning]) => `${letter} ${meaning}`).join(';\n *   ')}.`,
    ' * - firstKey, lastKey, keyStep: positions of keys among the arguments, the name being 0; lastKey -1 is the last argument.',
    ' * - since: the version that brought it; of Valkey where no Redis generation knows the command.',
    ' */',
    'export type CommandRow = readonly [',
    '  name: string,',
    '  group: string,',
    '  arity: number,',
    '  flags: string,',
    '  firstKey: number,',
    '  lastKey: number,',
    '  keyStep: number,',
    '  since: string,',
    '  generations: GenerationSet,',
    '  otherArities?: readonly (readonly [arity: number, generations: GenerationSet])[],',
    '];',
    '',
    'export const commandRows: readonly CommandRow[] = [',
    ...names.map(formatRow),
    '];',
    '',
    '/** The first part of a module command up to its dot, and who has such commands. */',
    'export const moduleCommandPrefixes: readonly (readonly [prefix: string, module: string])[] = [',
    ...pairs(modulePrefixes),
    '];',
    '',
    '/** Module commands without such a prefix. */',
    'export const moduleCommandNames: readonly (readonly [name: string, module: string])[] = [',
    ...pairs(moduleNames),
    '];',
    '',
  ].join('\n');
}
