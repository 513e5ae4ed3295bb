import zlib from 'node:zlib';
import { Random } from '../../fixtures/generate/flaws/random.ts';
import { bulkInput } from './bulk-inputs.ts';
import { dataFolder, type Files, multiPart } from './folder-inputs.ts';
import { randomLog } from './log-inputs.ts';
import { mutate } from './mutation.ts';
import { enveloped, goldenFiles, mixedRdb, roundOf } from './rdb-inputs.ts';

/*
 * One input of the fuzz for each number: an RDB, a log, a multi-part AOF or a data folder with its configuration, sound in its structure and
 * flawed somewhere, or with bytes changed. Pure: the same seed and number give the same files.
 */

export interface FuzzInput {
  readonly name: string;
  /** Path of the dataset, relative to the folder of `files`; '' for that folder. */
  readonly path: string;
  readonly files: Files;
  /** Which options the operations get. */
  readonly options: number;
}

export function fuzzInput(seed: number, number: number): FuzzInput {
  const random = new Random(Math.imul(seed, 0x85ebca6b) ^ Math.imul(number + 1, 0x9e3779b1));
  const round = roundOf(seed, number);
  const options = random.below(2 ** 30);
  const change = (bytes: Buffer) => (random.once(2) ? mutate(bytes, random) : bytes);
  const rdb = () => mixedRdb(random, round).bytes;
  const log = () => randomLog(random, round);
  const single = (name: string, file: string, bytes: Buffer): FuzzInput => ({
    name,
    path: file,
    files: { [file]: bytes },
    options,
  });
  if (random.once(60)) {
    const { name, file, bytes } = bulkInput(random);
    return single(name, file, bytes);
  }
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: {
      const { name, bytes } = mixedRdb(random, round);
      return single(name, 'data.rdb', change(bytes));
    }
    case 5: {
      const { name, bytes } = random.pick(goldenFiles());
      return single(name, name.endsWith('.manifest') ? 'data.manifest' : 'data', mutate(bytes, random));
    }
    case 6:
    case 7:
    case 8:
      return single('log', 'data.aof', change(log()));
    case 9:
      return single('hybrid', 'data.aof', change(Buffer.concat([rdb(), log()])));
    case 10:
      // A thread starts for each time that such a file is opened, which takes longer than all else.
      if (random.once(4)) return single('gzip', 'data.gz', change(zlib.gzipSync(random.once(2) ? rdb() : log())));
      return single('envelope', 'data.rdb', change(enveloped(random, rdb())));
    case 11:
    case 12:
    case 13:
      return { name: 'multi-part', path: '', files: multiPart(random, { rdb, log, change }), options };
    default:
      return { name: 'data folder', path: '', files: dataFolder(random, { rdb, log, change }), options };
  }
}
