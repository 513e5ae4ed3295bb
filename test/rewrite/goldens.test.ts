/*
 * The goldens of each server, rewritten for that server in every layout: it starts with our files as with its own, without a
 * warning, and every answer is the same.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { goldenDir, goldenNames, type Provenance, readProvenance } from '../../fixtures/generate/golden.ts';
import type { OutputFormat } from '../../src/index.ts';
import { findTarget } from '../../src/servers/targets.ts';
import { describeWithServers, type ServerName, serverNames, startServer, temporaryDir } from '../support/servers.ts';
import { type Facts, factsOf } from './facts.ts';
import { placeFiles } from './loader.ts';
import { expectStable, formats, isLong, rewritten } from './outputs.ts';

const timeout = 120_000;
/** Without AOFKIT_LONG_TESTS=1 these, much like others, are left out. */
const inLongRuns = /-(lru|lfu|uncompressed|empty|many)$/;
const goldens = goldenNames()
  .filter((name) => isLong || !inLongRuns.test(name))
  .map(readProvenance);
const written = (format: OutputFormat, { hasManifest }: { hasManifest: boolean }) =>
  format !== 'multipart' || hasManifest;

/** The server that loads a golden: its writer, or the loader of one that was built. */
function loaderOf({ writer, note, digest, config }: Provenance): ServerName | undefined {
  // A node of a cluster that is not complete answers nothing.
  if (digest === undefined || config?.['cluster-enabled'] === 'yes') return undefined;
  return serverNames.find((name) => name === writer || note?.includes(`loaded by ${name}`));
}

/** What the log warns of, but for what every start does. */
function warnings(log: string): string[] {
  const ofEveryStart =
    /pid=|overcommit|backlog|somaxconn|Transparent Huge|kernel|systemd|is starting|Configuration loaded/;
  const texts = log.split('\n').map((line) => /^\d+:\w .* # (.*)/.exec(line)?.[1] ?? '');
  return texts.filter((text) => text !== '' && !ofEveryStart.test(text));
}

/** Puts files into a data folder; returns the configuration to load them with. */
type Placing = (dir: string) => { readonly appendonly: string };

function copyOf({ name, layout, config }: Provenance): Placing {
  return (dir) => {
    cpSync(goldenDir(name), dir, { recursive: true });
    return { ...config, appendonly: layout === 'rdb' ? 'no' : 'yes' };
  };
}

async function askServer(name: ServerName, place: Placing, inCommands: boolean) {
  const dir = temporaryDir();
  const server = await startServer(name, { dir, config: { ...place(dir), 'aof-load-truncated': 'no' } });
  const facts = await factsOf(server, inCommands);
  const warned = warnings(server.log());
  await server.stop();
  return { facts, warned };
}

describeWithServers('the goldens', (name) => {
  const target = findTarget(name);
  if (target === undefined) throw new Error(`no target ${name}`);
  for (const golden of goldens.filter((one) => loaderOf(one) === name)) {
    const source = join(goldenDir(golden.name), golden.path);
    it(
      `${golden.name} rewritten in every layout answers as before`,
      async () => {
        const own: Record<string, { facts: Facts; warned: string[] }> = {};
        for (const format of formats.filter((one) => written(one, target))) {
          const inCommands = format === 'aof' || golden.layout !== 'rdb';
          const expected = (own[String(inCommands)] ??= await askServer(name, copyOf(golden), inCommands));
          expect(expected.facts.digest).toBe(golden.digest);
          const at = Date.now();
          const output = await rewritten(source, format, { target: name, at }).catch((error: Error) => {
            // Commands on a vector set can only be carried on, behind an RDB.
            if (format === 'rdb' && error.message.includes('"vector-set"')) return undefined;
            throw error;
          });
          if (output === undefined) continue;
          const found = await askServer(name, (dir) => placeFiles(name, dir, output.path, format), inCommands);
          expect(found.facts, format).toEqual(expected.facts);
          expect(found.warned, format).toEqual(expected.warned);
          await expectStable(output, at);
        }
      },
      timeout,
    );
  }
});

describeWithServers(
  'a multi-part AOF with commands as its base',
  (name) => {
    it('loads as before', async () => {
      const golden = readProvenance(`${name}-multipart-rdb-base`);
      const source = join(goldenDir(golden.name), golden.path);
      const output = await rewritten(source, 'multipart', { base: 'aof', target: name });
      const { facts } = await askServer(name, (dir) => placeFiles(name, dir, output.path, 'multipart'), true);
      expect(facts.digest).toBe(golden.digest);
    });
  },
  serverNames.filter((name) => name !== 'redis-6.0'),
);
