import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kernelBufferBytes, loadKernels } from '../../src/kernels/kernels.ts';

const here = (path: string) => readFileSync(new URL(`../../src/kernels/${path}`, import.meta.url), 'utf8');

describe('the compiled kernels', () => {
  it('load here, once, and lie where their sources say', () => {
    const kernels = loadKernels()!;
    expect(kernels).toBeDefined();
    expect(loadKernels()).toBe(kernels);
    const layout = new Map(
      [...here('assembly/layout.ts').matchAll(/const (\w+): usize = (\d+);/g)].map((m) => [m[1], Number(m[2])]),
    );
    expect(kernels.buffer.byteOffset).toBe(layout.get('bufferAt'));
    expect(kernels.output.byteOffset).toBe(layout.get('outputAt'));
    expect(kernels.result.byteOffset).toBe(layout.get('resultAt'));
    expect(kernels.output.byteOffset - kernels.buffer.byteOffset).toBeGreaterThan(kernelBufferBytes + 32);
    expect(layout.get('slotsAt')! - kernels.output.byteOffset).toBeGreaterThan(kernelBufferBytes + 32);
    expect(layout.get('slotsAt')! + layout.get('slotBytes')!).toBeLessThanOrEqual(kernels.buffer.buffer.byteLength);
  });
});
