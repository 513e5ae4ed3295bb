/*
 * The hot loops in JavaScript and in WebAssembly, side by side in one run. Figures are GB/s of plain bytes, the best of several
 * rounds, copies to and from the kernel's memory included; the ratio is what to trust. Run: npx tsx bench/kernels.ts
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Crc64 } from '../src/checksum/crc64.ts';
import { crc64Javascript, crc64Result } from '../src/checksum/crc64-javascript.ts';
import { checksumRange } from '../src/checksum/file-checksum.ts';
import { lzfCompress } from '../src/lzf/compress.ts';
import { lzfCompressJavascript } from '../src/lzf/compress-javascript.ts';
import { lzfDecompress, lzfValidate } from '../src/lzf/decompress.ts';
import { lzfDecompressJavascript } from '../src/lzf/decompress-javascript.ts';

const rounds = 7;
const bytesPerRound = 16 * 1024 * 1024;
const fileBytes = 1024 * 1024 * 1024;

/** GB/s of the best round. Each round handles about `bytesPerRound` bytes, `length` at a time. */
function speed(length: number, run: () => void): number {
  const count = Math.max(1, Math.floor(bytesPerRound / length));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let turn = 0; turn < count; turn++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start));
  }
  return (length * count) / best;
}

function row(what: string, javascript: number, wasm: number): void {
  const cells = [javascript.toFixed(2), wasm.toFixed(2), `${(wasm / javascript).toFixed(1)}x`];
  console.log(what.padEnd(34) + cells.map((cell) => cell.padStart(12)).join(''));
}

/** Lines of JSON with some repetition: what the servers' compressor takes to about a third. */
function records(length: number): Buffer {
  let text = '';
  for (let id = 1; text.length < length; id = (id * 16807) % 2147483647) {
    text += `{"id":${id},"name":"user-${id % 977}","active":${id % 3 === 0},"score":${(id % 10007) / 100}}\n`;
  }
  return Buffer.from(text.slice(0, length), 'latin1');
}

function benchChecksum(): void {
  for (const length of [32, 128, 1024, 16 * 1024, 256 * 1024, 4 * 1024 * 1024]) {
    const bytes = records(length);
    const crc = new Crc64();
    const javascript = speed(length, () => crc64Javascript(crc64Result[0], crc64Result[1], bytes, 0, length));
    row(
      `crc64, ${length} bytes`,
      javascript,
      speed(length, () => crc.update(bytes)),
    );
  }
}

function benchCompression(): void {
  for (const length of [40, 100, 400, 8192, 200_000, 2_000_000]) {
    const bytes = records(length);
    const packed = Buffer.alloc(length);
    const plain = Buffer.alloc(length);
    const count = lzfCompress(bytes, 0, length, packed, 0, length);
    const room = Buffer.alloc(length);
    const javascript = speed(length, () => lzfCompressJavascript(bytes, 0, length, room, 0, length));
    row(
      `lzf compress, ${length} bytes`,
      javascript,
      speed(length, () => lzfCompress(bytes, 0, length, room, 0, length)),
    );
    if (count === 0) continue;
    const unpack = speed(length, () => lzfDecompressJavascript(packed, 0, count, plain, 0, length));
    row(
      `lzf decompress, ${length} bytes`,
      unpack,
      speed(length, () => lzfDecompress(packed, 0, count, plain, 0, length)),
    );
    const validate = speed(length, () => lzfValidate(packed, 0, count, length));
    console.log(`lzf validate, ${length} bytes`.padEnd(34) + validate.toFixed(2).padStart(12));
  }
}

/** Of a file in the page cache. */
async function benchFile(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aofkit-bench-'));
  try {
    const path = join(folder, 'file');
    const descriptor = openSync(path, 'w');
    const piece = records(8 * 1024 * 1024);
    for (let written = 0; written < fileBytes; written += piece.length) writeSync(descriptor, piece);
    closeSync(descriptor);
    for (const workers of [1, 2]) {
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 5; round++) {
        const start = process.hrtime.bigint();
        await checksumRange(path, 0, fileBytes, { workers });
        best = Math.min(best, Number(process.hrtime.bigint() - start));
      }
      console.log(`file of 1 GiB, ${workers} thread(s)`.padEnd(46) + (fileBytes / best).toFixed(2).padStart(12));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

console.log(`${'GB/s'.padEnd(34)}${['JavaScript', 'WebAssembly', 'ratio'].map((head) => head.padStart(12)).join('')}`);
benchChecksum();
benchCompression();
await benchFile();
