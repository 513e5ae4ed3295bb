/*
 * Writes docs/compatibility.md: every command that a version has put into an AOF and every value type of an RDB, whether it is
 * supported, and by which real servers a test compares it. Nothing is listed by hand: commands come from the catalog and from
 * the engine's tables, comparisons from what the generators of the tests make and from the commands that their sources name.
 *
 *     npx tsx scripts/generate-compatibility.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goldenDir, goldenNames, readProvenance } from '../fixtures/generate/golden.ts';
import { families } from '../src/engine/commands/index.ts';
import { FileSource } from '../src/io/source.ts';
import { RdbInput } from '../src/rdb/input.ts';
import { Item, RdbReader } from '../src/rdb/reader.ts';
import { ValueCheck } from '../src/rdb/value-check.ts';
import { checkValue, valueType } from '../src/rdb/value-types.ts';
import { type CommandRow, commandRows } from '../src/servers/commands.generated.ts';
import { hasGeneration } from '../src/servers/generations.ts';
import { targets } from '../src/servers/targets.ts';
import { canonicalType, typeInFile } from '../src/servers/value-type-id.ts';
import { differences } from '../test/convert/differences.ts';
import { CommandGenerator } from '../test/engine/collections/command-generator.ts';
import { cases } from '../test/engine/core/cases.ts';
import { geoCommand } from '../test/engine/special/geo-commands.ts';
import { Random } from '../test/engine/special/replay.ts';
import { slotCommand, slotServers } from '../test/engine/special/slot-commands.ts';
import { streamCommands, streamFeatures } from '../test/engine/special/stream-commands.ts';
import { bitmapCommand, hllCommand } from '../test/engine/special/string-commands.ts';
import { vectorCommand } from '../test/engine/special/vector-set-commands.ts';
import { randomCommands, restoreCommand, restoreFunctions } from '../test/rewrite/random-commands.ts';
import { scriptLogs } from '../test/rewrite/script-logs.ts';
import { type ServerName, serverNames } from '../test/support/server-process.ts';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/** For types that none of the six servers reads. */
const fromSources = 'from sources, not tried';

/** Tests that run the commands which their sources name on real servers from 7.0 on. */
const comparingSources = ['test/engine/core/differential.test.ts'];
/** Their commands are random: so many of them name each command that they can make. */
const generated = 4000;
/** Commands whose effect only a server can compute. */
const opaqueCommands = new Set(['EVAL', 'EVALSHA', 'FCALL']);
/** They change no data when a server loads them. */
const withoutEffect = new Set(['SCRIPT LOAD', 'SCRIPT FLUSH', 'PUBLISH', 'SPUBLISH']);
/** Servers log other commands in their place: DEL, RESTORE, GCRASETVALUE or SET. */
const loggedOtherwise = new Set(['MIGRATE', 'HIMPORT SET', 'GCRA']);

type Compared = Map<string, Set<ServerName>>;

function note(compared: Compared, command: readonly string[], server: ServerName): void {
  const name = command[0].toUpperCase();
  for (const one of [name, `${name} ${String(command[1]).toUpperCase()}`]) {
    const row = commandRows.find((candidate) => candidate[0] === one);
    const container = one === name ? row : commandRows.find((candidate) => candidate[0] === name);
    if (row === undefined || container === undefined || !isIn(container, server)) continue;
    const servers = compared.get(one) ?? new Set();
    compared.set(one, servers.add(server));
  }
}

const isIn = (row: CommandRow, server: ServerName): boolean => hasGeneration(row[8], server);

/** What the generators make for one server. */
function generatedFor(server: ServerName): (readonly string[])[] {
  const random = new Random(1);
  const modern = server !== 'redis-6.0';
  const known = new Set(commandRows.filter((row) => isIn(row, server)).map(([name]) => name));
  const options = { seed: 1, count: generated, known, modern, moments: ['1', '4000000000000'] };
  const collections = new CommandGenerator(options).commands();
  const made: (readonly string[])[] = [...collections, ...streamCommands(1, generated, streamFeatures(server))];
  for (let index = 0; index < generated; index++) {
    made.push(bitmapCommand(random, server === 'redis-8.6'), hllCommand(random), geoCommand(random, server));
    if (server.startsWith('redis-8')) made.push(vectorCommand(random));
    if (slotServers.includes(server)) made.push(slotCommand(random, server));
    made.push(
      ...[restoreCommand(random, Buffer.of()), restoreFunctions(random, Buffer.of())].map((args) => args.map(String)),
    );
  }
  return [...made, ...randomCommands(server, 1, generated)];
}

/** Names at the head of an array in a test's source, also behind `pick([`. */
function namedIn(source: string): string[] {
  const text = readFileSync(join(repository, source), 'utf8');
  const first = [...text.matchAll(/\[\s*'([A-Za-z]+)'/g)].map(([, name]) => name);
  const picked = [...text.matchAll(/\[\s*pick\(\[([^\]]*)\]\)/g)].flatMap(([, list]) => list.match(/[A-Za-z]+/g) ?? []);
  return [...first, ...picked];
}

function comparedCommands(): Compared {
  const compared: Compared = new Map();
  for (const server of serverNames) {
    for (const command of generatedFor(server)) note(compared, command, server);
    for (const name of comparingSources.flatMap(namedIn)) {
      if (server !== 'redis-6.0') note(compared, [name], server);
    }
    for (const { log, servers } of scriptLogs) {
      if (servers.includes(server)) for (const command of log) note(compared, command, server);
    }
    for (const { log, except } of cases) {
      if (!except?.includes(server)) for (const line of log) note(compared, line.split(' '), server);
    }
  }
  return compared;
}

function stateOf(name: string, supported: ReadonlySet<string>): string {
  if (opaqueCommands.has(name)) return 'unknown effect';
  if (loggedOtherwise.has(name)) return 'logged as another';
  if (withoutEffect.has(name)) return 'no effect';
  return supported.has(name) ? 'replayed' : 'not supported';
}

function commandLines(): string[] {
  const supported = new Set(families.flatMap(({ commands }) => Object.keys(commands)));
  const compared = comparedCommands();
  const lines = ['| command | group | since | rewrite | compared with |', '|---|---|---|---|---|'];
  for (const row of commandRows) {
    const [name, group, , flags, , , , since] = row;
    if (!/[wp]/.test(flags) || flags.includes('c')) continue;
    const state = stateOf(name, supported);
    const servers = serverNames.filter((server) => compared.get(name)?.has(server));
    const atHand = serverNames.some((server) => isIn(row, server));
    lines.push(
      `| ${name} | ${group} | ${since} | ${state} | ${servers.join(', ') || (atHand ? '–' : 'from sources')} |`,
    );
  }
  return lines;
}

/** The value types of the goldens that a server has loaded, with the servers. */
function typesOfGoldens(): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const golden of goldenNames().map(readProvenance)) {
    const server = serverNames.find((name) => golden.writer === name || golden.note?.includes(`loaded by ${name}`));
    if (golden.digest === undefined || server === undefined) continue;
    for (const type of typesOf(golden.name)) found.set(type, (found.get(type) ?? new Set()).add(server));
  }
  return found;
}

function typesOf(golden: string): Set<number> {
  const types = new Set<number>();
  const files = readdirSync(goldenDir(golden), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.rdb'))) {
    const source = FileSource.open(join(goldenDir(golden), file));
    const reader = new RdbReader(new RdbInput(source));
    const values = new ValueCheck(false, reader.templates, 0);
    reader.readHeader();
    values.ofFormat(reader);
    for (let item = reader.next(); item !== Item.end; item = reader.next()) {
      if (item !== Item.key) continue;
      types.add(canonicalType(reader.type, reader));
      checkValue(reader.input, reader.type, values);
    }
    source.close();
  }
  return types;
}

function typeLines(): string[] {
  const compared = typesOfGoldens();
  const lines = ['| type | name | data | since RDB | targets that read it | goldens of |', '|---|---|---|---|---|---|'];
  const redis = (id: number) => [id, { fork: 'redis', version: id > 33 ? 16 : 15 }] as const;
  const valkey = (id: number) => [id, { fork: 'valkey', version: 81 }] as const;
  for (const [id, format] of [
    ...Array.from({ length: 36 }, (_, id) => redis(id)),
    [33, { fork: 'redis', version: 16 }] as const,
    valkey(22),
    valkey(23),
  ]) {
    const entry = valueType(id, format);
    if (entry === undefined) continue;
    const canonical = canonicalType(id, format);
    const readers = targets.filter((target) => target.reads.has(canonical)).map(({ name }) => name);
    const range = readers.length === 0 ? '–' : rangeOf(readers);
    const servers = serverNames.filter((server) => compared.get(canonical)?.has(server));
    const other = format.fork === 'valkey' ? ' (Valkey)' : id === 33 && canonical !== id ? ' (from RDB 16 on)' : '';
    const label = `${typeInFile(canonical)}${other}`;
    lines.push(
      `| ${label} | ${entry.name} | ${entry.data} | ${entry.since} | ${range} | ${servers.join(', ') || (isAtHand(canonical) ? '–' : fromSources)} |`,
    );
  }
  return lines;
}

/** Whether one of the servers that the tests use reads a type. */
function isAtHand(canonical: number): boolean {
  return targets.some(({ name, reads }) => reads.has(canonical) && serverNames.some((server) => server === name));
}

/** The releases after the newest of each fork that the tests have. */
function releasesWithoutServer(): string {
  const forks = ['redis', 'valkey'].map((fork) =>
    targets.map(({ name }) => name).filter((name) => name.startsWith(fork)),
  );
  return forks
    .flatMap((names) => names.slice(names.findLastIndex((name) => serverNames.some((server) => server === name)) + 1))
    .join(', ');
}

/** First and last of each fork. */
function rangeOf(names: readonly string[]): string {
  return ['redis', 'valkey']
    .map((fork) => names.filter((name) => name.startsWith(fork)))
    .filter((own) => own.length > 0)
    .map((own) => (own.length === 1 ? own[0] : `${own[0]} … ${own.at(-1)}`))
    .join(', ');
}

function differenceLines(): string[] {
  const rows = Object.values(differences).map(
    ({ where, ours, theirs, reason }) => `| ${where} | ${ours} | ${theirs} | ${reason} |`,
  );
  return ['| field | aofkit writes | the server writes | reason |', '|---|---|---|---|', ...rows];
}

/** The whole page. */
export function compatibilityText(): string {
  return `${[
    '# Compatibility',
    '',
    'Written by `npx tsx scripts/generate-compatibility.ts`: do not edit.',
    '',
    '## Commands',
    '',
    'Every command that some version writes to an AOF. *Replayed*: `digest` and `rewrite` do what the server does. *Unknown effect*: the',
    'effect of a script is known only to a server; it is reported, and `--unknown` decides whether that is an error, or the command is',
    'copied or dropped. The same holds for commands of modules, for unknown commands, and for those *logged as another* that are in an',
    'AOF all the same. *No effect*: it changes no data when a server loads it. *Compared with*: tests run it, among random commands, on',
    'these real servers and compare the resulting data; – means that no such test uses it, *from sources* that none of the six servers',
    "has it: its implementation and its tests follow the servers' sources and documentation. For EVALSHA, FCALL and MIGRATE, the copied",
    'commands are compared: behind the rewritten part they have the same effect as in the original log.',
    '',
    ...commandLines(),
    '',
    '## Value types of an RDB',
    '',
    'Every type is read. *Targets that read it*: for these the value is copied unchanged (bitmaps, path hashes and sets whose members',
    'expire are encoded again); for all others it is decoded and written in another form. *Goldens of*: a file with this type was written or',
    'loaded by this server, and loads there with the same digest after a rewrite; – means that none of the six servers writes it,',
    `*${fromSources}* that none reads it: reading, checking and digest follow the servers' sources and documentation. The same`,
    `holds for everything said about these releases: ${releasesWithoutServer()}.`,
    '',
    ...typeLines(),
    '',
    '## A converted RDB compared with one of the target itself',
    '',
    'A converted RDB differs from the one that its target saves only in encodings copied from an older version, in the order of hash',
    'tables, of fields that expire together and of vector set links, in the patch release in `redis-ver` or `valkey-ver`, and in',
    "`ctime` and `used-mem`, which stay the input's. Everything else is equal, byte for byte: magic and version, names and order of aux",
    "fields, functions, expiry, every key's type and value (`test/convert/server-files.test.ts`, with real servers of Redis 6.0, 7.0,",
    '8.0 and 8.6 and Valkey 8.1 and 9.1, which loaded the files and saved them again).',
    '',
    ...differenceLines(),
  ].join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(repository, 'docs', 'compatibility.md'), compatibilityText());
}
