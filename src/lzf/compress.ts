/*
 * LZF, compressing as the servers do, byte for byte: the rules are in compress-javascript.ts, the format in decompress.ts.
 */
import { kernelBufferBytes, loadKernels } from '../kernels/kernels.ts';
import { lzfCompressJavascript } from './compress-javascript.ts';

/** Shortest string that a server tries to compress, bytes (rdbSaveRawString: more than 20). */
export const lzfLengthMin = 21;
/** What the compressed form must save, bytes, or a server keeps the string as it is: `outMax` is the length less this. */
export const lzfSaving = 4;

/** Below this many bytes, copying to the kernel's memory and back costs more than its speed gives. */
const kernelBytesMin = 48;

/**
 * Compresses `input[from, to)` into `output` at `outFrom`, using at most `outMax` bytes there. Returns the compressed length, or 0
 * when `outMax` bytes do not suffice (or the servers' compressor, which wants some room at the end, thinks so); what lies in
 * `output[outFrom, outFrom + outMax)` beyond the returned length is then undefined. `output` must have room for `outMax` bytes.
 */
export function lzfCompress(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  outFrom: number,
  outMax: number,
): number {
  const fits = to - from >= kernelBytesMin && Math.max(to - from, outMax) <= kernelBufferBytes;
  const kernels = fits ? loadKernels() : undefined;
  if (!kernels) return lzfCompressJavascript(input, from, to, output, outFrom, outMax);
  kernels.buffer.set(input.subarray(from, to));
  const length = kernels.lzfCompress(to - from, outMax);
  if (length > 0) output.set(kernels.output.subarray(0, length), outFrom);
  return length;
}
