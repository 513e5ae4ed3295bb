// AssemblyScript. The memory of the module that reads a log command by command, in bytes; src/kernels/log-kernel.ts states the same numbers.
//
//   0        64      4096         4352      4608     8192        12288        16384   16640    32768          163840
//   | result | ..... | bare bytes | escapes | base64 | arguments | line's head | time  | middle | line starts  | ...
//
//   196608            720896  1048576        3145728  3211264              5308416
//   | window, 512 KiB | slack | lines, 2 MiB | slack  | lines turned round | slack
//
//   4672 (behind base64)                 5373952
//   | what a wanted key begins with |    | table of commands

export const resultAt: usize = 0;
/** For each byte: 1 if it may stand in a command's name without quotes. */
export const bareAt: usize = 4096;
/** For each byte: 0 if it stands for itself in quotes, else the letter behind a backslash, 'x' for two hexadecimal digits. */
export const escapesAt: usize = 4352;
export const base64At: usize = 4608;
/** Start and length of each argument of a command, two words each. */
export const argumentsAt: usize = 8192;
export const headAt: usize = 12288;
export const timeAt: usize = 16384;
export const middleAt: usize = 16640;
export const lineStartsAt: usize = 32768;
export const lineStartsMax: u32 = 32768;
export const windowAt: usize = 196608;
export const linesAt: usize = 1048576;
export const linesEnd: usize = 3145728;
export const turnedAt: usize = 3211264;
export const prefixAt: usize = 4672;
export const commandsAt: usize = 5373952;
