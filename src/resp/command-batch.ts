import type { Window } from '../io/window.ts';
import type { CheckKernel } from '../kernels/check-kernel.ts';
import { addToTable, fitsTable } from '../kernels/command-table.ts';
import { type CommandInfo, commands, fitsArity } from '../servers/command-catalog.ts';
import type { SeenForms } from './seen-forms.ts';

/** Counts of arguments that a slot tells apart; the last one stands for all from there on. */
const countMax = 63;

/** How the lane treats a command; it lets SELECT pass for databases that every server has. */
const kindPlain = 1;
const kinds = new Map([
  ['MULTI', 2],
  ['EXEC', 3],
  ['SELECT', 4],
]);
/** Commands that the lane leaves to JavaScript although they are plain: each can be worth a finding. */
const leftOut = new Set(['EVAL', 'EVALSHA', 'FCALL', 'DISCARD', 'RESET', 'VADD', 'RESTORE', 'RESTORE-ASKING']);

/**
 * Passes over the ordinary commands of an AOF that lie whole in a window, at the speed of memory, and stops before anything
 * else: what is cut by the window's end, unknown, damaged, of the wrong arity, a container, an annotation. A scanner then reads
 * the one record at which the lane stopped and alone says what it is.
 */
export class CommandBatch {
  /** Commands that the last `pass` went over. */
  count = 0;
  /** Position in the window where the last of them ended outside of a transaction; -1 where none did. */
  validPosition = -1;
  /** EXEC that closed a transaction. */
  closed = 0;
  /** Whether a MULTI is open after `pass`; where it lies if it came during it (else -1), and how many commands came before it. */
  open = false;
  openPosition = -1;
  openIndex = 0;
  /** The database that the last SELECT among them chose; -1 where there was none. */
  selected = -1;
  private readonly window: Window;
  private readonly checkKernel: CheckKernel;
  /** Less than so many bytes in the window are not worth a call. */
  private readonly refill: number;
  private readonly mayPass: Passing | undefined;

  /**
   * The window's memory must be the lanes'; while it has outgrown that, nothing is passed. `mayPass`: which of the ordinary commands
   * may be; a lane that has it must be alone with these lanes.
   */
  constructor(window: Window, checkKernel: CheckKernel, mayPass?: Passing) {
    this.window = window;
    this.checkKernel = checkKernel;
    this.refill = window.home.length >> 2;
    this.mayPass = mayPass;
    fillCommandTable(checkKernel, mayPass);
    mayPass?.seen.fill(checkKernel);
  }

  /** `mayPass` has new answers for a command: those count from now on. */
  admit(info: CommandInfo): void {
    if (mayStand(info)) setCounts(this.checkKernel, commandAt(this.checkKernel, info.name), info, this.mayPass);
  }

  /** The form of a command at which the lane has just stopped was looked at: it may pass from now on. */
  admitForm(): void {
    this.mayPass?.seen.add(this.checkKernel);
  }

  /** Moves the window over ordinary commands; false if there was none. `open`: a MULTI waits for its EXEC. */
  pass(open: boolean): boolean {
    const { window, checkKernel } = this;
    if (window.limit - window.position < this.refill) window.ensure(this.refill);
    if (!checkKernel.owns(window.bytes)) return false;
    const count = checkKernel.passCommands(window.position, window.limit, open ? 1 : 0);
    if (count === 0) return false;
    const { result } = checkKernel;
    window.position = result[0];
    this.count = count;
    this.validPosition = result[1];
    this.closed = result[2];
    this.open = result[3] !== 0;
    this.openPosition = result[4];
    this.openIndex = result[5];
    this.selected = result[8] | 0;
    return true;
  }
}

/** Commands of which a lane may only pass the forms that were seen before. */
export interface FormRule {
  /** With so many arguments or less there is nothing to see. */
  readonly plainCount: number;
  /** Where the words of a form begin, the name being 0. */
  readonly first: number;
  /** They end before the ID of a stream entry. */
  readonly endsAtId: boolean;
}

/** Which commands a lane may pass. */
export interface Passing {
  /** Whether it may pass a command with so many arguments. */
  passes(info: CommandInfo, count: number): boolean;
  /** Undefined where all forms are alike. */
  formRule(info: CommandInfo): FormRule | undefined;
  readonly seen: SeenForms;
}

const kindOf = ({ name }: CommandInfo): number => kinds.get(name) ?? kindPlain;

const formBits = (rule: FormRule | undefined): number =>
  rule === undefined ? 0 : (rule.plainCount << 8) | (rule.first << 16) | (rule.endsAtId ? 1 << 24 : 0);

const mayStand = (info: CommandInfo): boolean => !info.container && !leftOut.has(info.name) && fitsTable(info.name);

/** Where each instance's table has a command's own part of a slot. */
const places = new WeakMap<CheckKernel, Map<string, number>>();

const commandAt = (checkKernel: CheckKernel, name: string): number => places.get(checkKernel)?.get(name) ?? -1;

/**
 * Writes the commands that a lane may pass (kernels/assembly/aof-lane.ts says what its own part of a slot is): once an instance, unless some of
 * the commands may not.
 */
function fillCommandTable(checkKernel: CheckKernel, mayPass: Passing | undefined): void {
  if (checkKernel.commandTableFilled && mayPass === undefined) return;
  const isNew = !places.has(checkKernel);
  if (isNew) places.set(checkKernel, new Map());
  for (const info of commands) {
    if (!mayStand(info)) continue;
    if (isNew) {
      const own = addToTable(checkKernel.commandTable, info.name, kindOf(info));
      places.get(checkKernel)?.set(info.name, own);
    }
    setCounts(checkKernel, commandAt(checkKernel, info.name), info, mayPass);
  }
  checkKernel.commandTableFilled = mayPass === undefined;
}

function setCounts(checkKernel: CheckKernel, own: number, info: CommandInfo, mayPass: Passing | undefined): void {
  checkKernel.commandTable.setUint32(own + 8, kindOf(info) | formBits(mayPass?.formRule(info)), true);
  checkKernel.commandTable.setUint32(own, fittingCounts(info, 0, mayPass), true);
  checkKernel.commandTable.setUint32(own + 4, fittingCounts(info, 32, mayPass), true);
}

/** Bit n: that `first + n` arguments fit. */
function fittingCounts(info: CommandInfo, first: number, mayPass: Passing | undefined): number {
  let bits = 0;
  for (let count = Math.max(first, 1); count <= Math.min(first + 31, countMax); count++) {
    if (fitsArity(info, count) && (mayPass === undefined || mayPass.passes(info, count))) bits |= 1 << (count - first);
  }
  return bits;
}
