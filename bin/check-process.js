/* What a process gives to the drop-in tools: its arguments, streams, clock. No framework is loaded, so that they start fast. */
import { existsSync, readFileSync, readSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

const chunkBytes = 16 * 1024;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Runs a tool of dist/src/compat and sets the exit code. */
export async function runTool(module, functionName) {
  const built = new URL(`../dist/src/compat/${module}`, import.meta.url);
  if (!existsSync(built)) {
    process.stderr.write('aofkit is not built: run `npm run build` in its folder first\n');
    process.exitCode = 70;
    return;
  }
  const tool = (await import(built.href))[functionName];
  const { printable } = await import(new URL('../dist/src/io/text.js', import.meta.url).href);
  const stdout = new Output(1, printable);
  const stderr = new Output(2, printable);
  process.exitCode = tool(commandLine(), {
    stdout,
    stderr,
    answer: () => {
      stdout.flush();
      return readAnswer();
    },
    now: Date.now,
    pid: process.pid,
    version: JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version,
    seed: Math.floor(Math.random() * 2 ** 31),
  });
  stdout.flush();
  stderr.flush();
}

/**
 * The path under which the tool was called, then its arguments, as binary strings. Where the system tells, they are the bytes
 * that were typed: Node makes the path absolute, and loses what is not UTF-8.
 */
function commandLine() {
  const args = process.argv.slice(1);
  try {
    const typed = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
    if (typed.length > args.length) return typed.slice(-args.length);
  } catch {
    // Not Linux.
  }
  return args.map((arg) => Buffer.from(arg).toString('latin1'));
}

/**
 * Collects binary text and writes it out in chunks: byte for byte as the servers' tools print it, names in it included, but to a terminal,
 * where `printable` escapes what the terminal would act upon.
 */
class Output {
  constructor(descriptor, printable) {
    this.descriptor = descriptor;
    this.shown = isatty(descriptor) ? (bytes) => Buffer.from(onTerminal(bytes, printable)) : (bytes) => bytes;
    this.text = '';
  }

  write(text) {
    this.text += text;
    if (this.text.length > chunkBytes) this.flush();
  }

  flush() {
    const bytes = this.shown(Buffer.from(this.text, 'latin1'));
    this.text = '';
    for (let written = 0; written < bytes.length; ) {
      try {
        written += writeSync(this.descriptor, bytes, written);
      } catch (error) {
        if (error.code !== 'EAGAIN') return; // Nobody reads any more: what the file gets done does not depend on that.
        Atomics.wait(sleeper, 0, 0, 5);
      }
    }
  }
}

/** Text for a terminal, whose own line breaks and tabs stay. */
function onTerminal(bytes, printable) {
  const parts = bytes.toString('utf8').split(/([\n\t])/);
  return parts.map((part, index) => (index % 2 === 0 ? printable(part) : part)).join('');
}

/** First byte of what a read from standard input gives; -1 at its end. */
function readAnswer() {
  const line = Buffer.alloc(4096);
  for (;;) {
    try {
      return readSync(0, line, 0, line.length, null) === 0 ? -1 : line[0];
    } catch (error) {
      if (error.code !== 'EAGAIN') return -1;
      Atomics.wait(sleeper, 0, 0, 20);
    }
  }
}
