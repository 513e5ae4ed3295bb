import { boolean } from '@oclif/core/flags';
import { chooseDataset, type DatasetChoice, type DatasetKind } from '../../src/aof/dataset-choice.ts';

/** Which dataset of a data folder is read; for `DatasetChooser`. */
export const datasetFlags = {
  aof: boolean({
    description: 'of a data folder, read the AOF [default: what a server loads: the AOF where there is one]',
    exclusive: ['rdb'],
  }),
  rdb: boolean({ description: 'of a data folder, read the RDB' }),
};

/** A choice among the datasets of a folder, as JSON has it. */
export interface Chosen extends DatasetChoice {
  readonly folder: string;
}

/** Chooses the dataset of each path, and remembers where there was a choice. */
export class DatasetChooser {
  readonly chosen: Chosen[] = [];
  private readonly wanted: DatasetKind | undefined;
  private readonly tell: (message: string) => void;

  /** `tell` gets a sentence for each folder with several datasets. */
  constructor(flags: { readonly aof: boolean; readonly rdb: boolean }, tell: (message: string) => void) {
    this.wanted = flags.aof ? 'aof' : flags.rdb ? 'rdb' : undefined;
    this.tell = tell;
  }

  /** What to read for a path. Throws UnreadableError, UsageError. */
  path(path: string): string {
    const choice = chooseDataset(path, this.wanted);
    if (choice.others.length > 0) {
      this.chosen.push({ folder: path, ...choice });
      this.tell(`reading ${choice.path}: ${choice.reason}; not read: ${choice.others.join(', ')}`);
    }
    return choice.path;
  }
}
