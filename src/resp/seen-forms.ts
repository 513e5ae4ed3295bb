import { type CheckKernel, laneFormSlots } from '../kernels/check-kernel.ts';

/** A table that is half full is fast to search. */
const formsMax = laneFormSlots / 2;

/**
 * The forms of commands that were seen in a log, by the numbers that the kernel gives them (kernels/assembly/aof-lane.ts): it passes over these. When
 * there are too many, further forms are left to JavaScript each time.
 */
export class SeenForms {
  private readonly low: number[] = [];
  private readonly high: number[] = [];

  /** Writes them into the memory of an instance, which may have held others. */
  fill(checkKernel: CheckKernel): void {
    checkKernel.forms.fill(0);
    for (const [index, low] of this.low.entries()) put(checkKernel.forms, low, this.high[index]);
  }

  /** Adds the form at which the instance's kernel has stopped, if it has. */
  add(checkKernel: CheckKernel): void {
    const { result, forms } = checkKernel;
    const low = result[6] >>> 0;
    const high = result[7] >>> 0;
    if (low === 0 || this.low.length === formsMax) return;
    result[6] = 0;
    this.low.push(low);
    this.high.push(high);
    put(forms, low, high);
  }
}

function put(forms: Uint32Array, low: number, high: number): void {
  let index = low >>> 1;
  for (;;) {
    index &= laneFormSlots - 1;
    if (forms[index * 2] === 0) break;
    index++;
  }
  forms[index * 2] = low;
  forms[index * 2 + 1] = high;
}
