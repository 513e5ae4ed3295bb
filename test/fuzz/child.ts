/* A process that runs all operations on one input after another. With AOFKIT_FUZZ_KERNELS=off no kernel can be loaded. */
if (process.env.AOFKIT_FUZZ_KERNELS === 'off') Reflect.deleteProperty(globalThis, 'WebAssembly');
const api = (await import(process.env.AOFKIT_FUZZ_API ?? '../../src/index.ts')) as typeof import('../../src/index.ts');
const { runAll } = await import('./operations.ts');

export interface Task {
  readonly input: string;
  readonly scratch: string;
}

process.on('message', async ({ input, scratch }: Task) => {
  const answers = await runAll(api, input, scratch);
  process.send?.({ answers, peak: process.resourceUsage().maxRSS / 1024 });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
