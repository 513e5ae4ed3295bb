import nodePath from 'node:path';
import { detectLayout, sniff, sniffBytes } from '../../aof/layout.ts';
import { parseManifest } from '../../aof/manifest.ts';
import { DecompressionError } from '../../io/decompression-error.ts';
import fs from '../../io/file-system.ts';
import { openRegular } from '../../io/input.ts';
import { readSmallFile } from '../../io/small-file.ts';
import type { EnvelopeFacts, Source } from '../../io/source.ts';
import { RdbInput } from '../../rdb/input.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';

/** How large an AOF is and how much of it is the base that the last rewrite left. */
export interface Growth {
  readonly bytes: number;
  /** 0 where there is no base: then all of it counts as growth. */
  readonly baseBytes: number;
}

/** Sizes for the server's auto-aof-rewrite rule. A plain AOF has no base; that of a hybrid one is its RDB. Throws UnreadableError. */
export function measureGrowth(path: string): Growth {
  const layout = detectLayout(path);
  if (layout.kind === 'data-directory' && layout.members.length === 1 && layout.members[0].kind === 'file') {
    return measureFile(layout.members[0].path);
  }
  if (layout.kind === 'multi-part') return measureParts(layout.directory, layout.manifest);
  if (layout.kind === 'file') return measureFile(layout.path);
  return { bytes: 0, baseBytes: 0 };
}

/** Percent by which the log has grown over its base, as the server computes it. */
export function growthPercent({ bytes, baseBytes }: Growth): number {
  const base = Math.max(baseBytes, 1);
  return Math.floor((bytes * 100) / base) - 100;
}

function measureParts(directory: string, manifest: string): Growth {
  let bytes = 0;
  let baseBytes = 0;
  for (const { name, type } of parseManifest(readSmallFile(manifest)).parts) {
    if (type === 'h') continue;
    const size = fs.statSync(nodePath.join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
    bytes += size;
    if (type === 'b') baseBytes += size;
  }
  return { bytes, baseBytes };
}

function measureFile(path: string): Growth {
  const source = openRegular(path);
  try {
    if (source.envelope !== undefined) return measureEnvelope(source, source.envelope, fs.statSync(path).size);
    const input = new RdbInput(source);
    input.ensure(sniffBytes);
    const content = sniff(input.bytes.subarray(0, Math.min(input.limit, sniffBytes)), path);
    if (content === 'manifest') return measureParts(nodePath.dirname(path), path);
    const bytes = source.size ?? 0;
    return { bytes, baseBytes: content === 'rdb' ? rdbLength(input) : 0 };
  } finally {
    source.close();
  }
}

/** Of a compressed RDB the file's own bytes count, as a server counts them: up to the end of the frame. */
function measureEnvelope(source: Source, envelope: EnvelopeFacts, bytes: number): Growth {
  const block = Buffer.allocUnsafe(64 * 1024);
  try {
    let count = 0;
    while (!envelope.ended) count = source.read(block, 0, block.length);
    // The read that comes to the end of the frame gives what follows it.
    return { bytes, baseBytes: envelope.hasTail ? envelope.physicalOffset - count : bytes };
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    return { bytes, baseBytes: bytes };
  }
}

/** Where the RDB at the front of an input ends. */
function rdbLength(input: RdbInput): number {
  const reader = new RdbReader(input, { checksum: false });
  const values = new ValueCheck(false, reader.templates, 0);
  input.trusting = true;
  reader.readHeader();
  values.ofFormat(reader);
  for (let item = reader.next(); item !== Item.end; item = reader.next()) {
    if (item === Item.key) checkValue(input, reader.type, values);
  }
  return input.offset;
}
