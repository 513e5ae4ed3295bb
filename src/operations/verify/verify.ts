import nodePath from 'node:path';
import { isNothingThere, nothingThere, reportEntries } from '../../aof/folder-entries.ts';
import { type FolderScan, type PassedOver, scanFolder } from '../../aof/folder-scan.ts';
import { addForeign } from '../../aof/foreign-finding.ts';
import { detectLayout, type Layout, sniff, sniffBytes } from '../../aof/layout.ts';
import { eachPart, noteBackup, readManifest } from '../../aof/parts.ts';
import { type ChecksumReport, FindingList, type LayoutName, type Progress } from '../../aof/report.ts';
import { checksumRange } from '../../checksum/file-checksum.ts';
import { UnreadableError } from '../../errors.ts';
import { FormatError } from '../../faults.ts';
import type { Finding } from '../../findings.ts';
import { DecompressionError } from '../../io/decompression-error.ts';
import fs from '../../io/file-system.ts';
import { type Input, openInput } from '../../io/input.ts';
import { borrowCheckKernel, type CheckKernel, returnCheckKernel } from '../../kernels/check-kernel.ts';
import { windowBytes } from '../../limits.ts';
import { RdbInput } from '../../rdb/input.ts';
import { Item, RdbReader } from '../../rdb/reader.ts';
import { RecordBatch } from '../../rdb/record-batch.ts';
import { ValueCheck } from '../../rdb/value-check.ts';
import { checkValue } from '../../rdb/value-types.ts';

export interface VerifyOptions {
  /**
   * Takes the file's last eight bytes for its checksum and computes the sum of all before, in parallel; parses only where that does
   * not fit, to find where the RDB ends.
   */
  readonly quick?: boolean;
  /** Threads for `quick`. Default 2. */
  readonly workers?: number;
  /** As for `check`. */
  readonly recursive?: boolean;
  readonly allowEmpty?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly pause?: () => Promise<void>;
}

/** The checksum of one file that is, or begins with, an RDB. */
export interface VerifiedFile {
  readonly path: string;
  readonly role: 'file' | 'base' | 'incr';
  /** `none` for a file without an RDB: an AOF has no checksum. */
  readonly format: 'rdb' | 'none';
  readonly fork?: string;
  readonly version?: number;
  readonly checksum: ChecksumReport;
  /** Bytes that the checksum covers. */
  readonly length: number;
}

export interface VerifyResult {
  readonly path: string;
  readonly layout: LayoutName;
  readonly ok: boolean;
  readonly files: readonly VerifiedFile[];
  /** Of a folder: entries in which nothing was verified. */
  readonly passedOver: readonly PassedOver[];
  readonly findings: readonly Finding[];
  readonly summary: { readonly files: number; readonly bytes: number; readonly errors: number };
}

/** Items between two pauses. */
const itemsBetweenPauses = 1 << 18;

/** Compares the CRC-64 of every RDB at `path` (file, preamble, base) with the stored one. Throws UnreadableError. */
export async function verify(path: string, options: VerifyOptions = {}): Promise<VerifyResult> {
  const verification = new Verification(options);
  const detected = detectLayout(path);
  const scan = detected.kind === 'file' ? undefined : scanFolder(path, options.recursive === true);
  const layout = scan === undefined ? await verification.layout(detected) : await verification.folder(path, scan);
  const { files, findings } = verification;
  return {
    path,
    layout,
    ok: findings.errors === 0,
    files,
    passedOver: scan?.passedOver ?? [],
    findings: findings.findings,
    summary: {
      files: files.length,
      bytes: files.reduce((sum, file) => sum + file.length, 0),
      errors: findings.errors,
    },
  };
}

class Verification {
  readonly files: VerifiedFile[] = [];
  readonly findings = new FindingList();
  private readonly options: VerifyOptions;

  constructor(options: VerifyOptions) {
    this.options = options;
  }

  async layout(layout: Layout): Promise<LayoutName> {
    noteBackup(layout, this.findings);
    switch (layout.kind) {
      case 'file':
        return this.single(layout.path);
      case 'multi-part':
        await this.multiPart(layout.manifest);
        return 'multi-part';
      case 'orphaned-parts':
        for (const name of layout.parts) await this.file(nodePath.join(layout.directory, name), roleOf(name));
        return 'multi-part';
      case 'data-directory':
        throw new Error('a folder is verified by its entries');
    }
  }

  /** Every file in a folder: what cannot be read is a finding, and the rest is verified. */
  async folder(directory: string, scan: FolderScan): Promise<LayoutName> {
    const { members } = scan;
    if (isNothingThere(scan) && this.options.allowEmpty !== true) throw nothingThere(directory);
    reportEntries(scan, this.findings);
    for (const member of members) {
      try {
        await this.layout(member);
      } catch (error) {
        // There is no rest that could be verified.
        if (!(error instanceof UnreadableError) || members.length === 1) throw error;
        this.findings.add('folder.data-unreadable', error.path, 0, { found: error.message });
      }
    }
    return members.length === 1 && members[0].kind !== 'file' ? 'multi-part' : 'data-directory';
  }

  private async single(path: string): Promise<LayoutName> {
    const content = await this.file(path, 'file');
    if (content === 'foreign' || content === 'wrapped') return 'unknown';
    if (content !== 'manifest') return content === 'unknown' ? 'aof' : content;
    await this.multiPart(path);
    return 'multi-part';
  }

  private async multiPart(manifestPath: string): Promise<void> {
    const { manifest } = readManifest(manifestPath, this.findings);
    await eachPart(manifestPath, manifest, this.findings, async (path, part) => {
      await this.file(path, part.type === 'b' ? 'base' : 'incr');
    });
  }

  private async file(path: string, role: VerifiedFile['role']) {
    const opened = openInput(path);
    const checkKernel = borrowCheckKernel();
    try {
      const input = new RdbInput(opened.source, windowBytes, checkKernel?.window());
      input.onProgress = (offset) => this.options.onProgress?.({ file: path, offset, size: opened.source.size });
      input.ensure(sniffBytes);
      const content = sniff(input.bytes.subarray(0, Math.min(input.limit, sniffBytes)), path);
      if (content === 'rdb') this.files.push(await this.rdb(path, role, input, opened, checkKernel));
      else if (content === 'foreign' || content === 'wrapped') addForeign(this.findings, path, input);
      else if (content !== 'manifest')
        this.files.push({ path, role, format: 'none', checksum: { state: 'absent' }, length: 0 });
      return content;
    } catch (error) {
      if (!(error instanceof DecompressionError)) throw error;
      this.findings.add(error.code, path, error.offset, error.details);
      return 'unknown';
    } finally {
      opened.source.close();
      returnCheckKernel(checkKernel);
    }
  }

  private async rdb(
    path: string,
    role: VerifiedFile['role'],
    input: RdbInput,
    opened: Input,
    checkKernel: CheckKernel | undefined,
  ): Promise<VerifiedFile> {
    const reader = new RdbReader(input, { checkKernel });
    try {
      reader.readHeader();
      const size = opened.source.size;
      if (this.options.quick === true && opened.reopen !== undefined && size !== undefined && reader.version >= 5) {
        const computed = await this.quickSum(path, size);
        if (computed === readTail(path, size - 8))
          return this.verified(path, role, reader, { state: 'ok', stored: computed, computed }, size - 8);
        // What ends in something else may have an AOF behind it: only reading it tells.
      }
      await this.readToEnd(reader, checkKernel);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const { offset, expected, found } = error;
      const { nameFault } = await import('../../aof/name-fault.ts');
      const { code, details, proof } = await nameFault(error, reader, this.options.pause);
      this.findings.add(code, path, offset, { expected, found, ...details });
      if (proof === 'intact') {
        // What lies behind the fault cannot be parsed, but the sum of all bytes is what it was when they were written.
        const sum = reader.crc?.value() ?? 0n;
        return this.verified(
          path,
          role,
          reader,
          { state: 'ok', stored: sum, computed: sum },
          (opened.source.size ?? 8) - 8,
        );
      }
    }
    const { checksumState: state, storedChecksum: stored, computedChecksum: computed } = reader;
    return this.verified(path, role, reader, { state, stored, computed }, reader.checksumOffset);
  }

  private async readToEnd(reader: RdbReader, checkKernel: CheckKernel | undefined): Promise<void> {
    const values = new ValueCheck(false, reader.templates, 0);
    const batch = checkKernel && new RecordBatch(reader, checkKernel, { deep: false, seed: 0 });
    reader.input.trusting = true;
    values.ofFormat(reader);
    for (let left = itemsBetweenPauses; ; left--) {
      while (batch?.pass()) left -= batch.count;
      const item = reader.next();
      if (item === Item.end) return;
      if (item === Item.key) checkValue(reader.input, reader.type, values);
      if (left > 0) continue;
      await this.options.pause?.();
      left = itemsBetweenPauses;
    }
  }

  /** The CRC-64 of all bytes but the last eight, computed by several threads. */
  private quickSum(path: string, size: number): Promise<bigint> {
    const onProgress = (offset: number) => this.options.onProgress?.({ file: path, offset, size });
    return checksumRange(path, 0, size - 8, { workers: this.options.workers ?? 2, onProgress });
  }

  private verified(
    path: string,
    role: VerifiedFile['role'],
    reader: RdbReader,
    sums: { state: ChecksumReport['state']; stored: bigint; computed: bigint },
    at: number,
  ): VerifiedFile {
    const { state } = sums;
    const hex = (sum: bigint) => sum.toString(16).padStart(16, '0');
    const known = state !== 'unchecked';
    const checksum: ChecksumReport = { state };
    if (known) checksum.computed = hex(sums.computed);
    if (known && state !== 'absent') checksum.stored = hex(sums.stored);
    if (state === 'mismatch') {
      const { computed: expected, stored: found } = checksum;
      this.findings.add('rdb.checksum.mismatch', path, at, { length: 8, expected, found });
    }
    if (state === 'disabled') this.findings.add('rdb.checksum.disabled', path, at, { length: 8 });
    const { fork, version } = reader;
    return { path, role, format: 'rdb', fork, version, checksum, length: at };
  }
}

function roleOf(partName: string): VerifiedFile['role'] {
  return partName.includes('.base.') ? 'base' : 'incr';
}

/** The eight bytes at `offset`. */
function readTail(path: string, offset: number): bigint {
  const descriptor = fs.openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(8);
    fs.readSync(descriptor, bytes, 0, 8, offset);
    return bytes.readBigUInt64LE(0);
  } finally {
    fs.closeSync(descriptor);
  }
}
