/*
 * What convert, rewrite, restore and repair write of generated inputs with one flaw or none: a server of the target's release loads it.
 * AOFKIT_LONG_TESTS=1 takes all inputs of a round; AOFKIT_SEED=N other ones.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type FlawedInput, flawedInputs } from '../../fixtures/generate/flaws/inputs.ts';
import { convert, repair, restore, rewrite } from '../../src/index.ts';
import { findTarget, type Target } from '../../src/servers/targets.ts';
import type { ServerName } from '../support/server-process.ts';
import { describeWithServers, temporaryDir } from '../support/servers.ts';
import { LoadOracle } from './oracle.ts';

const isLong = process.env.AOFKIT_LONG_TESTS === '1';
const seed = Number(process.env.AOFKIT_SEED ?? 1);
/** Of a round, the short run takes one in so many. */
const share = 24;

const inputs = [...flawedInputs(seed)].filter((_, index) => isLong || (index + seed) % share === 0);
const at = Date.now();

interface Written {
  readonly outcome: string;
  readonly reason?: string;
}

type Writer = (file: string, output: string, target: string) => Promise<Written>;

const writers: Readonly<Record<string, { readonly kind: FlawedInput['kind']; readonly write: Writer }>> = {
  convert: {
    kind: 'rdb',
    write: (file, output, target) => convert(file, { at, output, to: 'rdb', target, allowLoss: true }),
  },
  'convert to commands': {
    kind: 'aof',
    write: (file, output, target) => convert(file, { at, output, to: 'aof', target, allowLoss: true }),
  },
  rewrite: {
    kind: 'rdb',
    write: (file, output, target) => rewrite(file, { at, output, target, format: 'rdb', allowLoss: true }),
  },
  'rewrite to commands': {
    kind: 'aof',
    write: (file, output, target) => rewrite(file, { at, output, target, format: 'aof', allowLoss: true }),
  },
  restore: {
    kind: 'rdb',
    write: async (file, output, target) =>
      (await restore(file, { at, output, target, format: 'rdb', allowLoss: true, point: { without: ['NOSUCH'] } }))
        .rewrite,
  },
};

/** What became of all inputs: how many outputs the server loads, and each that it does not. */
async function outputsOf(oracle: LoadOracle, target: Target, kind: FlawedInput['kind'], write: Writer) {
  const wrong: string[] = [];
  let loaded = 0;
  for (const input of inputs) {
    const dir = temporaryDir();
    const file = path.join(dir, input.kind === 'rdb' ? 'dump.rdb' : 'a.aof');
    const output = path.join(dir, 'out');
    fs.writeFileSync(file, input.bytes);
    const outcome = await write(file, output, target.name).then(
      (result) => result.outcome,
      (error: Error) => error.name,
    );
    if (outcome === 'written' && fs.existsSync(output)) {
      const bytes = fs.readFileSync(output);
      if (await oracle.loads({ name: input.name, kind, bytes })) loaded++;
      else wrong.push(input.name);
    }
    fs.rmSync(dir, { recursive: true, force: true });
  }
  return { loaded, wrong };
}

const targetOf = (name: ServerName) => findTarget(name) as Target;

describeWithServers('what is written for a server', (name) => {
  const oracle = new LoadOracle(name, 'no');
  afterAll(() => oracle.close());
  for (const [what, { kind, write }] of Object.entries(writers)) {
    it(`is loaded by it: ${what}`, async () => {
      const { loaded, wrong } = await outputsOf(oracle, targetOf(name), kind, write);
      console.log(`${name}, ${what}: ${loaded} outputs of ${inputs.length} inputs are loaded`);
      expect(wrong).toEqual([]);
      expect(loaded).toBeGreaterThan(0);
    }, 900_000);
  }

  it('is loaded by it, or said to be refused: repair', async () => {
    const target = targetOf(name);
    const wrong: string[] = [];
    let loaded = 0;
    let said = 0;
    for (const input of inputs) {
      const dir = temporaryDir();
      const file = path.join(dir, input.kind === 'rdb' ? 'dump.rdb' : 'a.aof');
      const output = path.join(dir, 'out');
      fs.writeFileSync(file, input.bytes);
      const result = await repair(file, { output });
      if (result.outcome === 'repaired' && readsFormat(input, output, target)) {
        const bytes = fs.readFileSync(output);
        if (await oracle.loads({ name: input.name, kind: input.kind, bytes })) loaded++;
        else if (result.plan.files.some(({ refused, unresolved }) => refused !== undefined || unresolved.length > 0))
          said++;
        else wrong.push(input.name);
      }
      fs.rmSync(dir, { recursive: true, force: true });
    }
    console.log(`${name}, repair: ${loaded} outputs are loaded, ${said} are said to be refused`);
    expect(wrong).toEqual([]);
    expect(loaded).toBeGreaterThan(0);
  }, 900_000);
});

/** Whether the output is of a version that the server reads. */
function readsFormat({ name, kind }: FlawedInput, file: string, { rdbVersion, fork, hasFunctions }: Target): boolean {
  if (kind === 'aof' && name.includes('/library/') && !hasFunctions) return false;
  const head = fs.readFileSync(file).latin1Slice(0, 9);
  const [, magic, version] = /^(REDIS|VALKEY)(\d+)/.exec(head) ?? [];
  if (magic === undefined) return true;
  if (magic === 'VALKEY') return fork === 'valkey' && Number(version) <= rdbVersion;
  return Number(version) <= (fork === 'valkey' ? 11 : rdbVersion);
}
