import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { rewrite } from '../../src/index.ts';
import { temporaryDir } from '../servers.ts';

const command = (...args: string[]) =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;

/* It was once recorded at the place of the EXEC, and so the EXEC's bytes were carried along instead of its own. */
it('carries a command of unknown effect out of a transaction with its own bytes', async () => {
  const dir = temporaryDir();
  const log = path.join(dir, 'in.aof');
  const unknown = command('JSON.SET', 'doc', '$', '{}');
  fs.writeFileSync(
    log,
    command('MULTI') + command('SET', 'a', '1') + unknown + command('EXEC') + command('SET', 'b', '2'),
  );
  const output = path.join(dir, 'out.aof');
  const result = await rewrite(log, { output, opaque: 'keep', at: 0 });
  expect([result.outcome, result.commands.opaque]).toEqual(['written', 1]);
  const text = fs.readFileSync(output, 'latin1');
  expect(text.endsWith(command('SELECT', '0') + unknown)).toBe(true);
  expect(text).not.toContain('EXEC');
});
