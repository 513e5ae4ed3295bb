import fs from 'node:fs';
import path from 'node:path';
import { featuresOf } from '../../fixtures/generate/dataset.ts';
import type { Random } from '../fuzz/mutation.ts';
import type { Argument } from '../support/reply.ts';
import { findServer, type ServerName, startServer, temporaryDir } from '../support/server-process.ts';

/*
 * RDBs as real servers save them, of random data: what a repair keeps of a damaged one must not hang on how the goldens name
 * their keys and what they hold.
 */

/** How keys are named: as applications do, as random text, or as bytes that any program may choose. */
export const keyStyles = ['application', 'token', 'binary', 'mixed'] as const;
export type KeyStyle = (typeof keyStyles)[number];

type Command = readonly Argument[];

const words = ['user', 'session', 'cart', 'feed', 'rate', 'lock', 'job', 'geo', 'Ärger', 'queue', 'a', 'id'];
const later = 4102444800000;

const noise = (random: Random, length: number) => Buffer.from(Array.from({ length }, () => random.below(256)));
const token = (random: Random, length: number) =>
  Buffer.from(
    Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_'.charCodeAt(random.below(44))),
  );

function keyName(random: Random, style: KeyStyle, index: number): Buffer {
  if (style === 'mixed') return keyName(random, keyStyles[random.below(3)], index);
  if (style === 'token') return token(random, 6 + random.below(30));
  if (style === 'binary') return noise(random, 2 + random.below(14));
  return Buffer.from(`${words[random.below(words.length)]}:${words[random.below(words.length)]}:${index}`);
}

/** What is stored: text, numbers, bytes, what compresses. */
function datum(random: Random): Argument {
  const kind = random.below(8);
  if (kind < 2) return token(random, 1 + random.below(40));
  if (kind < 4) return String(random.below(2 ** (1 + random.below(31))));
  if (kind === 4) return noise(random, 1 + random.below(60));
  if (kind === 5) return words[random.below(words.length)].repeat(1 + random.below(60));
  if (kind === 6) return `{"id":${random.below(1e6)},"name":"${words[random.below(words.length)]}"}`;
  return noise(random, 1 + random.below(8));
}

const data = (random: Random, most: number) => Array.from({ length: 1 + random.below(most) }, () => datum(random));

/** Several values become one of each type; many or long members leave the compact encodings. */
function commandsFor(random: Random, key: Buffer, withFieldExpiry: boolean): Command[] {
  const long = random.below(6) === 0 ? 600 : 6;
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      return [['SET', key, datum(random)]];
    case 3:
      return [['RPUSH', key, ...data(random, long)]];
    case 4:
      return [['SADD', key, ...data(random, long)]];
    case 5:
      return [['SADD', key, ...Array.from({ length: 1 + random.below(20) }, () => String(random.below(70000)))]];
    case 6:
      return [['ZADD', key, ...data(random, long).flatMap((member) => [String(random.below(1e6) / 100), member])]];
    case 7: {
      const fields = data(random, long);
      const expiring = withFieldExpiry && random.below(2) === 0;
      return [
        ['HSET', key, ...fields.flatMap((field) => [field, datum(random)])],
        ...(expiring ? [['HPEXPIREAT', key, String(later), 'FIELDS', '1', fields[0]]] : []),
      ];
    }
    default:
      return Array.from({ length: 1 + random.below(5) }, (_, index) => [
        'XADD',
        key,
        `${index + 1}-1`,
        datum(random),
        datum(random),
      ]);
  }
}

/** A dataset of about `count` keys in some databases. */
function randomCommands(random: Random, style: KeyStyle, count: number, withFieldExpiry: boolean): Command[] {
  const commands: Command[] = [];
  for (let index = 0; index < count; index++) {
    if (random.below(count) < 2) commands.push(['SELECT', String(random.below(4))]);
    const key = keyName(random, style, index);
    commands.push(...commandsFor(random, key, withFieldExpiry));
    if (random.below(5) === 0) commands.push(['PEXPIREAT', key, String(later + random.below(1e6))]);
  }
  return commands;
}

/** The RDB that a server saves of it. */
export async function randomRdb(name: ServerName, random: Random, style: KeyStyle, count: number): Promise<Buffer> {
  const binaries = findServer(name);
  const compression = random.below(2) === 0 ? 'yes' : 'no';
  const dir = temporaryDir();
  const server = await startServer(name, { dir, config: { rdbcompression: compression } });
  const fieldExpiry = binaries !== undefined && featuresOf(binaries).fieldExpiry;
  for (const command of randomCommands(random, style, count, fieldExpiry)) {
    // A key that is there with another type stays as it is.
    await server.command(...command).catch(() => undefined);
  }
  await server.command('SAVE');
  await server.stop();
  return fs.readFileSync(path.join(dir, 'dump.rdb'));
}
