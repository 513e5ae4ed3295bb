import type { ByteSink } from '../../io/writer.ts';
import type { TextEncoding } from '../../keys/json-text.ts';
import type { KeySelection } from '../../keys/key-selection.ts';
import type { ScanOptions, ScanResult } from '../../keys/scan-keys.ts';

export const exportFormats = ['jsonl', 'json', 'csv', 'parquet', 'resp'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions extends ScanOptions {
  readonly format: ExportFormat;
  /** A file, or a folder for several files; a sink for a stream. */
  readonly output: string | ByteSink;
  /** What the inputs are called in the output, where they are several. Default: their paths. */
  readonly names?: readonly string[];
  /** Replaces a file that is there. */
  readonly force?: boolean;
  /** Of Parquet: a file for each data type, with a row an element. The output is a folder. */
  readonly elements?: boolean;
  /** How a text that may be any bytes is written. Default utf8. */
  readonly encoding?: TextEncoding;
  /** Of csv: a cell that a spreadsheet would take for a formula begins with an apostrophe. */
  readonly safe?: boolean;
  /** Names become the hexadecimal digits of their SHA-256 behind this salt. */
  readonly hashSalt?: string;
  /** Values of more bytes are cut and marked; as commands, their keys are left out. */
  readonly maxValueBytes?: number;
  /** Of Parquet: rows of a row group. */
  readonly rowGroup?: number;
  readonly select?: KeySelection;
  /** Of resp: for which server version. */
  readonly target?: string;
}

/** What became of one input. */
export interface ExportedInput extends ScanResult {
  /** Keys that were written, those with a value that was cut included. */
  readonly exported: number;
  /** Keys whose values were cut, or as commands left out, because they are too long. */
  readonly truncated: number;
}

export interface ExportResult {
  readonly ok: boolean;
  readonly format: ExportFormat;
  readonly inputs: readonly ExportedInput[];
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}
