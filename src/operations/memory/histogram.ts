/** One bin: values from `from` to below `to`, each with a number of keys and their bytes. Infinity is null in JSON. */
export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly keys: number;
  readonly bytes: number;
}

/** Counts keys and their bytes by a number, between fixed bounds. */
export class Histogram {
  private readonly bounds: readonly number[];
  private readonly keys: Float64Array;
  private readonly bytes: Float64Array;

  /** Bins lie between neighbouring `bounds`, which ascend; below the first and above the last there is one each. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.keys = new Float64Array(bounds.length + 1);
    this.bytes = new Float64Array(bounds.length + 1);
  }

  add(value: number, bytes: number): void {
    const { bounds } = this;
    let bin = 0;
    while (bin < bounds.length && value >= bounds[bin]) bin++;
    this.keys[bin]++;
    this.bytes[bin] += bytes;
  }

  /** From the first to the last bin that has keys. */
  result(): HistogramBin[] {
    const { bounds, keys, bytes } = this;
    const first = keys.findIndex((count) => count > 0);
    if (first < 0) return [];
    let last = keys.length - 1;
    while (keys[last] === 0) last--;
    return Array.from({ length: last - first + 1 }, (_, index) => {
      const bin = first + index;
      return {
        from: bin === 0 ? Number.NEGATIVE_INFINITY : bounds[bin - 1],
        to: bin === bounds.length ? Number.POSITIVE_INFINITY : bounds[bin],
        keys: keys[bin],
        bytes: bytes[bin],
      };
    });
  }
}

const binsEach = 16;
const doublings = 48;

/** Sizes in 16 bins to each doubling: a percentile from them is too high by at most a sixteenth. */
export class SizeHistogram {
  private readonly keys = new Float64Array(binsEach * doublings);
  private readonly bytes = new Float64Array(binsEach * doublings);
  private count = 0;

  add(size: number): void {
    const bin = binOf(size);
    this.keys[bin]++;
    this.bytes[bin] += size;
    this.count++;
  }

  /** The size that so large a share of the keys does not exceed. */
  percentile(share: number): number {
    let left = Math.ceil(this.count * share);
    for (let bin = 0; bin < this.keys.length; bin++) {
      left -= this.keys[bin];
      if (left <= 0) return upperBound(bin);
    }
    return 0;
  }

  /** A bin to each doubling, from the first to the last that has keys. */
  result(): HistogramBin[] {
    const bins: HistogramBin[] = [];
    for (let doubling = 0; doubling < doublings; doubling++) {
      let keys = 0;
      let bytes = 0;
      for (let bin = doubling * binsEach; bin < (doubling + 1) * binsEach; bin++) {
        keys += this.keys[bin];
        bytes += this.bytes[bin];
      }
      bins.push({ from: 2 ** doubling, to: 2 ** (doubling + 1), keys, bytes });
    }
    const first = bins.findIndex(({ keys }) => keys > 0);
    return first < 0 ? [] : bins.slice(first, bins.findLastIndex(({ keys }) => keys > 0) + 1);
  }
}

function binOf(size: number): number {
  const whole = size < 1 ? 1 : size;
  if (whole >= 2 ** 31) {
    const doubling = Math.floor(Math.log2(whole));
    return Math.min(doublings, doubling) * binsEach + Math.floor((whole / 2 ** doubling - 1) * binsEach);
  }
  const doubling = 31 - Math.clz32(whole);
  return doubling * binsEach + Math.floor((whole / (1 << doubling) - 1) * binsEach);
}

function upperBound(bin: number): number {
  const doubling = Math.floor(bin / binsEach);
  return Math.round(2 ** doubling * (1 + ((bin % binsEach) + 1) / binsEach));
}
