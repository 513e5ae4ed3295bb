/**
 * What surrounds a drop-in tool, given to it by its executable (or by a test). Texts are binary strings, one char a byte, because
 * names and bytes of a file are printed as they are.
 */
export interface Surroundings {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** First byte of a line from standard input, for a prompt; -1 at its end. What was printed must be visible before. */
  readonly answer: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly pid: number;
  /** Of this library, for `-v`. */
  readonly version: string;
  /** Random number, so that nobody can prepare members that look the same. */
  readonly seed: number;
}

interface TextSink {
  write(text: string): void;
}

/** Ends a tool with its exit code from anywhere within it. */
export class ToolExit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Runs a tool's body; what it returns or throws as a ToolExit is the exit code. */
export function exitCodeOf(body: () => number): number {
  try {
    return body();
  } catch (error) {
    if (error instanceof ToolExit) return error.code;
    throw error;
  }
}

/**
 * The line of `-v`, in the form of getVersion() in the servers' version code: a name and `key=value` pairs. The name is the one
 * under which the tool was called where that is a known one.
 */
export function versionLine(calledAs: string, tool: 'aof' | 'rdb', version: string): string {
  const name = calledAs.slice(calledAs.lastIndexOf('/') + 1);
  const known = [`redis-check-${tool}`, `valkey-check-${tool}`].includes(name) ? name : `aofkit-check-${tool}`;
  return `${known} v=${version} sha=00000000:0 malloc=node bits=64 build=aofkit\n`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** A line as the servers' log writes it (serverLogRaw in server.c): `pid:C day month year time # text`. */
export function serverLogLine(text: string, surroundings: Surroundings): string {
  const date = new Date(surroundings.now());
  const day = `${pad(date.getDate())} ${months[date.getMonth()]} ${date.getFullYear()}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
  return `${surroundings.pid}:C ${day} ${time} # ${text}\n`;
}
