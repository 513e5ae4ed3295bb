import { detectLayout } from '../../aof/layout.ts';
import type { FileReport, RdbReport } from '../../aof/report.ts';
import { FormatError } from '../../faults.ts';
import fs from '../../io/file-system.ts';
import { escapeBinary } from '../../io/text.ts';
import { RdbInput } from '../../rdb/input.ts';
import { checksumVersionMin, Opcode } from '../../rdb/opcodes.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { emptyRecord } from '../../records.ts';
import { checkSum, type InspectedInput, type InspectOptions } from './inspect.ts';
import { checksumText } from './rdb-scan.ts';

/** The end mark and the checksum. */
const tailBytes = 9;
const headBytes = 64 * 1024;

/**
 * What a survey of an ordinary RDB would find, told from its head and its end alone: that nothing but one sound RDB lies there is taken
 * for granted, and must be found to be so while it is converted (Assumptions in rdb-source.ts). `summed`: whoever converts it computes
 * its checksum; else another thread does. Undefined where that cannot be told, or only a survey can say what is wrong.
 */
export function readHeads(path: string, options: InspectOptions, summed: boolean): InspectedInput | undefined {
  if (path === '-' || detectLayout(path).kind !== 'file') return undefined;
  const stored = storedChecksum(path);
  if (stored === 0n) return undefined;
  const { source, index } = options.sources.add(path);
  source.close();
  const bytes = source.size ?? 0;
  const head = readHead(new RdbInput(options.sources.reopen(index), headBytes));
  if (head === undefined || isBase(head)) return undefined;
  const rdb = { ...head, checksum: { state: 'unchecked', stored: checksumText(stored) }, length: bytes } as const;
  const report: FileReport = { path, role: 'file', format: 'rdb', gzip: false, size: bytes, rdb };
  const checksum = summed ? Promise.resolve() : checkSum(index, report, options);
  checksum.catch(() => {});
  const part = {
    path,
    source: index,
    content: 'rdb',
    report,
    rdbBytes: bytes,
    bytes,
    checksum,
    part: undefined,
    noted: undefined,
  } as const;
  return { path, layout: 'rdb', parts: [part], manifest: undefined, hasCommands: false };
}

/** The last eight bytes of a file that begins and ends like an RDB; 0n for anything else. */
function storedChecksum(path: string): bigint {
  const bytes = Buffer.alloc(tailBytes);
  let descriptor = -1;
  try {
    descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile() || stat.size < 2 * tailBytes) return 0n;
    fs.readSync(descriptor, bytes, 0, tailBytes, 0);
    if (!/^(REDIS|VALKEY)/.test(bytes.latin1Slice())) return 0n;
    fs.readSync(descriptor, bytes, 0, tailBytes, stat.size - tailBytes);
    return bytes[0] === Opcode.eof ? bytes.readBigUInt64LE(1) : 0n;
  } catch {
    // The survey will say why it cannot be read.
    return 0n;
  } finally {
    if (descriptor >= 0) fs.closeSync(descriptor);
  }
}

/** Version and aux fields; undefined where they cannot be read. */
function readHead(input: RdbInput): Omit<RdbReport, 'checksum' | 'length'> | undefined {
  const reader = new RdbReader(input, { checksum: false });
  const aux = emptyRecord<string>();
  try {
    reader.readHeader();
    if (reader.version < checksumVersionMin) return undefined;
    while (reader.next() === Item.aux) aux[escapeBinary(reader.auxName)] = escapeBinary(reader.auxValue);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
  const { fork, version } = reader;
  return { fork, version, aux, keys: 0, expires: 0, fieldExpires: 0, functions: 0, databases: 0 };
}

/** Commands may follow the RDB. */
function isBase({ aux }: { readonly aux: Readonly<Record<string, string>> }): boolean {
  return aux['aof-preamble'] === '1' || aux['aof-base'] === '1';
}
