/*
 * LZF, as in the strings of every RDB version. A stream of steps, each a control byte and what it asks for:
 *
 *   000lllll  l+1 bytes                  literals: 1 to 32 bytes, copied
 *   lllddddd dddddddd                    match, l = 1..6: l+2 bytes (3..8) from d+1 bytes back (1..8192) in the output
 *   111ddddd llllllll dddddddd           match: l+9 bytes (9..264) from d+1 bytes back
 *
 * A match may reach into what it is itself writing (d+1 shorter than its length): the bytes then repeat.
 * Nothing in the stream says where it ends or how much comes out: the RDB gives both lengths beforehand, and a server takes
 * only a stream that ends exactly with the input and yields exactly the stated length.
 */

import { type Kernels, kernelBufferBytes, loadKernels } from '../kernels/kernels.ts';
import { mustBeTrap } from '../kernels/trap.ts';
import { lzfDecompressJavascript } from './decompress-javascript.ts';

/** Below this many bytes of output, copying to the kernel's memory and back costs more than its speed gives. */
const kernelBytesMin = 96;
/** How far back a match reaches. */
const historyBytes = 8192;
/** More than the longest step takes (33 bytes) and yields (264). */
const stepInMax = 64;
const stepOutMax = 512;

/**
 * Decompresses `input[from, to)` into `output` at `outFrom`. Returns `outLength`, or -1 where the stream is malformed or does not
 * yield exactly `outLength` bytes; `output[outFrom, outFrom + outLength)` then holds anything, and nothing outside is touched.
 * Throws RangeError where `output` has no room for `outLength` bytes: check a stated length before allocating for it.
 */
export function lzfDecompress(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  outFrom: number,
  outLength: number,
): number {
  if (outFrom + outLength > output.length || to > input.length) throw new RangeError('LZF: beyond the end of a buffer');
  const kernels = outLength < kernelBytesMin ? undefined : loadKernels();
  try {
    if (kernels) return decompressWithKernel(kernels, input, from, to, output, outFrom, outLength);
  } catch (error) {
    mustBeTrap(error);
  }
  return lzfDecompressJavascript(input, from, to, output, outFrom, outLength);
}

/** One call where input and output fit the kernel's buffers; otherwise piece by piece, keeping what later matches may reach. */
function decompressWithKernel(
  kernels: Kernels,
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  outFrom: number,
  outLength: number,
): number {
  const outEnd = outFrom + outLength;
  let inAt = from;
  let outAt = outFrom;
  let history = 0;
  for (;;) {
    const pieceEnd = Math.min(to, inAt + kernelBufferBytes);
    kernels.buffer.set(input.subarray(inAt, pieceEnd));
    const inLength = pieceEnd - inAt;
    const inStop = pieceEnd === to ? inLength : inLength - stepInMax;
    const wanted = history + outEnd - outAt;
    const sound =
      wanted <= kernelBufferBytes
        ? kernels.lzfDecompress(inStop, inLength, history, wanted + 1, wanted)
        : kernels.lzfDecompress(inStop, inLength, history, kernelBufferBytes - stepOutMax, kernelBufferBytes);
    if (sound === 0) return -1;
    const held = kernels.result[1];
    inAt += kernels.result[0];
    output.set(kernels.output.subarray(history, held), outAt);
    outAt += held - history;
    if (inAt >= to) return outAt === outEnd && to > from ? outLength : -1;
    history = Math.min(held, historyBytes);
    kernels.output.copyWithin(0, held - history, held);
  }
}

export { lzfValidate } from './validate.ts';
