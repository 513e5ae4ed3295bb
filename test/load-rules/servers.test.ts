/*
 * The table of what each generation refuses while it loads (src/rdb/load-rules.ts), against the servers themselves: generated RDBs and
 * logs, each with one flaw or none. `boot` must say of each what the server then does. AOFKIT_LONG_TESTS=1 takes all of five rounds,
 * more than 5,000 inputs a server; AOFKIT_SEED=N other ones.
 */
import fs from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { type FlawedInput, flawedInputs } from '../../fixtures/generate/flaws/inputs.ts';
import { boot } from '../../src/index.ts';
import { describeWithServers, temporaryDir } from '../support/servers.ts';
import { LoadOracle, place, type Sanitize } from './oracle.ts';

const isLong = process.env.AOFKIT_LONG_TESTS === '1';
const seed = Number(process.env.AOFKIT_SEED ?? 1);
const rounds = isLong ? 5 : 1;
/** Of one round, the short run takes one in so many. */
const share = 16;

function sample(): FlawedInput[] {
  const inputs = Array.from({ length: rounds }, (_, round) => [...flawedInputs(seed + round)]).flat();
  return isLong ? inputs : inputs.filter((_, index) => (index + seed) % share === 0);
}

const inputs = sample();

interface Tally {
  readonly agreed: number;
  readonly unsure: readonly string[];
  readonly differences: readonly string[];
}

async function compare(oracle: LoadOracle, sanitize: Sanitize, list: readonly FlawedInput[]): Promise<Tally> {
  let agreed = 0;
  const unsure: string[] = [];
  const differences: string[] = [];
  for (const input of list) {
    const dir = temporaryDir();
    const settings = place(oracle.name, input, dir, sanitize).map((words) => words.join(' '));
    const foretold = await boot(dir, { server: oracle.name, settings, at: Date.now() });
    fs.rmSync(dir, { recursive: true, force: true });
    if (!foretold.certain) unsure.push(input.name);
    else if (foretold.starts === (await oracle.loads(input))) agreed++;
    else differences.push(`${input.name}: boot says ${foretold.starts ? 'starts' : foretold.reason}`);
  }
  return { agreed, unsure, differences };
}

/**
 * What cannot be foretold: 6.0 goes on with memory beyond a value, a library may do what only running it would tell, and an encoding of
 * strings that this build does not know may be a newer server's.
 */
const mayBeUnsure = (name: string) => (input: string) =>
  name === 'redis-6.0' || /^\w+\/library\//.test(input) || input.endsWith('/string/encoding');

describeWithServers('what a server refuses while it loads', (name) => {
  for (const sanitize of ['no', 'yes'] as const) {
    const oracle = new LoadOracle(name, sanitize);
    afterAll(() => oracle.close());
    it(`as boot foretells, sanitize-dump-payload ${sanitize}`, async () => {
      // Half of the short run's with either setting.
      const list = isLong ? inputs : inputs.filter((_, index) => index % 2 === (sanitize === 'no' ? 0 : 1));
      const { agreed, unsure, differences } = await compare(oracle, sanitize, list);
      console.log(`${name}, sanitize ${sanitize}: ${agreed} of ${list.length} agree, ${unsure.length} cannot be told`);
      expect(differences).toEqual([]);
      expect(unsure.filter((input) => !mayBeUnsure(name)(input))).toEqual([]);
      expect(agreed + unsure.length).toBe(list.length);
    }, 900_000);
  }

  it('DEBUG RELOAD says what a start says', async () => {
    const oracle = new LoadOracle(name, 'no');
    const some = inputs.filter(({ kind }, index) => kind === 'rdb' && index % (isLong ? 40 : 8) === 0);
    const wrong: string[] = [];
    for (const input of some) if ((await oracle.loads(input)) !== (await oracle.starts(input))) wrong.push(input.name);
    await oracle.close();
    expect(wrong).toEqual([]);
  }, 300_000);
});
