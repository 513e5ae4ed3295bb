import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { goldenDir } from '../../fixtures/generate/golden.ts';
import { check, type Finding } from '../../src/index.ts';
import { findServer, itWithServer, type ServerName, temporaryDir } from '../support/servers.ts';

/*
 * Every golden here, cut at every byte and with one bit of every byte flipped: `check` finds whatever the server's own check tool
 * finds. Where it finds more, the codes below say what the tool does not look at.
 */
const stricter = [
  /^aof\.command\./, // names and numbers of arguments
  /^aof\.header\.count/, // the tool passes over *0 and *-1, which the server refuses
  /^rdb\.key\.duplicate/, // the server aborts on them
  /^rdb\.function/, // the first line of a library
];

const goldens: [server: ServerName, tool: 'checkRdb' | 'checkAof', file: string][] = [
  ['redis-8.6', 'checkRdb', 'redis-8.6-rdb-little/dump.rdb'],
  ['valkey-9.1', 'checkRdb', 'valkey-9.1-rdb-little/dump.rdb'],
  ['redis-6.0', 'checkRdb', 'redis-6.0-rdb-little/dump.rdb'],
  ['redis-8.6', 'checkAof', 'redis-8.6-multipart-little/appendonlydir/appendonly.aof.1.incr.aof'],
];

/** Bytes between two damages: 1 damages every byte. AOFKIT_DAMAGE_STEP=1 for the whole run; CI takes every eleventh. */
const step = Number(process.env.AOFKIT_DAMAGE_STEP ?? 11);

function* damages(bytes: Buffer): Generator<[name: string, bytes: Buffer]> {
  for (let at = 0; at < bytes.length; at += step) {
    yield [`cut at ${at}`, bytes.subarray(0, at)];
    const flipped = Buffer.from(bytes);
    flipped[at] ^= 1 << (at % 8);
    yield [`flipped at ${at}`, flipped];
  }
}

const isError = (finding: Finding) => finding.severity === 'error';
const isStricter = (finding: Finding) => stricter.some((pattern) => pattern.test(finding.code));

for (const [server, tool, name] of goldens) {
  itWithServer(
    server,
    `check finds what ${tool} finds in ${name}`,
    async () => {
      const command = findServer(server)?.[tool] as string;
      const golden = fs.readFileSync(path.join(goldenDir('.'), name));
      const file = path.join(temporaryDir(), path.basename(name));
      const disagreements: unknown[] = [];
      for (const [damage, bytes] of damages(golden)) {
        fs.writeFileSync(file, bytes);
        // The tool hangs on some inputs: that is no verdict.
        const run = spawnSync(command, [file], { timeout: 2000 });
        if (run.status === null) continue;
        const errors = (await check(file)).findings.filter(isError);
        const agrees = run.status !== 0 ? errors.length > 0 : errors.every(isStricter);
        if (!agrees)
          disagreements.push([
            damage,
            run.status,
            errors.map(({ code, offset }) => `${code}@${offset}`),
            run.stdout.toString().split('\n').slice(-8),
          ]);
      }
      expect(disagreements).toEqual([]);
    },
    300_000,
  );
}
