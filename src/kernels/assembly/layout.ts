// AssemblyScript. The memory of the kernels, in bytes; src/kernels/kernels.ts states the same numbers of the buffers.
//
//   0        16        1024           17408     20404    24576             286720  286784              548928  548992
//   | result | ....... | crc64 tables | ....... | zeros  | buffer, 256 KiB | slack | output, 256 KiB   | slack | slots of LZF, 256 KiB |

export const resultAt: usize = 0;
export const tablesAt: usize = 1024;
export const bufferAt: usize = 24576;
export const outputAt: usize = 286784;
export const slotsAt: usize = 548992;
export const slotBytes: usize = 262144;

// The lanes' module has the same beginning and goes on behind it; src/kernels/check-kernel.ts states the same numbers.
//
//   811136              843904  851968        983040 .. 983744  1048576           1572864
//   | table of commands | ..... | prints     | small tables    | window, 512 KiB | slack | touched keys   1900544 |

export const commandsAt: usize = 811136;
/** The shard of each bucket of keys, 64 KiB: of `slotsAt`, which whoever looks for them does not use. */
export const ownersAt: usize = slotsAt;
/** Fingerprints of the keys that were passed, eight bytes each; or their places, 32 bytes each. */
export const printsAt: usize = 851968;
/** Forms of commands that were seen, eight bytes each: of `printsAt`, which no lane of an AOF uses. */
export const formsAt: usize = printsAt;
/** Text of an integer, 64 bytes. */
export const textScratchAt: usize = 983040;
export const listpackLengthsAt: usize = 983104;
export const ziplistLengthsAt: usize = 983360;
/** Fingerprints of a few members. */
export const fewAt: usize = 983616;
/** Counts of what is kept. */
export const countsAt: usize = 984064;
export const windowAt: usize = 1048576;
export const windowEnd: usize = 1572864;
/** One bit for each value of the upper bits of a touched key's hash: 256 KiB. */
export const touchedAt: usize = 1638400;

// The module that makes commands of keys has the window too, and behind it what it writes; src/kernels/commands-kernel.ts states
// the same numbers.
//
//   1572864 | slack | commands, 1 MiB      2625536 | slack | members of a sorted set   2949120 |

export const commandsOutAt: usize = 1576960;
export const commandsEnd: usize = 2625536;
/** Where the members of a sorted set begin, four bytes each. */
export const membersAt: usize = 2686976;
export const membersAtMost: u32 = 65536;
/** Text of a score and its digits. */
export const scoreTextAt: usize = 983808;
export const digitsAt: usize = 983872;

// The module that makes JSON of keys has the window and what it writes at the same places, and its fixed texts behind them;
// src/kernels/json-kernel.ts states the same numbers.

/** Where and how long each fixed text is, eight bytes each, then their bytes: 8 KiB. */
export const jsonTextsAt: usize = 2686976;
