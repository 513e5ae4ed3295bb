// AssemblyScript. The memory of the module that counts what a log holds, in bytes; it shares argumentsAt and windowAt with
// log-layout.ts. src/kernels/statistics-kernel.ts states the same numbers.
//
//   0        64      8192        32768               65536               81920     114688   118784     196608            1048576
//   | result | ..... | arguments | table of commands | count and bytes   | samples | .....  | scratch  | window, 512 KiB | tables
//
//   a table of frequent texts, two of them, `tableBytes` each:
//   0                              262144                  1310720  1311232       1327616         34930688
//   | slots, u16 entry, u16 of hash | entries, 32 bytes each | head   | histogram   | texts, 32 MiB | slack
//
//   an entry:  u32 hash | u32 length | u32 start | u32 unused | f64 count | f64 bytes

export const commandsAt: usize = 32768;
/** Two doubles for each command: how many and how many bytes. */
export const totalsAt: usize = 65536;
/** Positions of commands that shall be replayed. */
export const samplesAt: usize = 81920;
export const samplesMax: u32 = 8192;
export const scratchAt: usize = 118784;
export const tablesAt: usize = 1048576;
export const tableBytes: usize = 35651584;
export const slotCount: u32 = 65536;
export const entriesAt: usize = 262144;
/** u32 entries, u32 most entries, u32 end of the texts, u32 whether its hash is keyed, f64 error. */
export const headAt: usize = 1310720;
export const histogramAt: usize = 1311232;
export const textsAt: usize = 1327616;
