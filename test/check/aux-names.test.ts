/* Aux fields whose names every JavaScript object has. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { included, unknownDirective } from '../../src/operations/boot/directives.ts';
import { check } from '../../src/operations/check/check.ts';
import { convert } from '../../src/operations/convert/convert.ts';
import { temporaryDir } from '../support/server-process.ts';

const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];

it('are data', async () => {
  const string = (text: string) => Buffer.from(`${String.fromCharCode(text.length)}${text}`);
  const path = join(temporaryDir(), 'dump.rdb');
  const aux = names.map((name) => Buffer.concat([Buffer.from([0xfa]), string(name), string(`${name}!`)]));
  writeFileSync(path, Buffer.concat([Buffer.from('REDIS0009'), ...aux, Buffer.from([0xff]), Buffer.alloc(8)]));
  const output = join(temporaryDir(), 'out.rdb');
  await convert(path, { to: 'rdb', output, target: 'redis-7.0', at: 0 });
  for (const file of [path, output]) {
    const { ok, files } = await check(file);
    expect(ok).toBe(true);
    const shown = JSON.parse(JSON.stringify(files[0].rdb?.aux));
    for (const name of names) expect(Object.getOwnPropertyDescriptor(shown, name)?.value).toBe(`${name}!`);
  }
});

it('as directives are unknown ones', () => {
  for (const name of names) {
    const directive = { name, words: ['x'], line: `${name} x` };
    expect(unknownDirective(included([directive]), 'redis-8.6')).toBe(directive);
  }
});
