import { escapeBytes } from '../../io/text.ts';
import { loadAdvice, refusedBySome } from '../../rdb/load-advice.ts';
import type { RdbReader } from '../../rdb/reader.ts';
import type { ValueCheck } from '../../rdb/value-check.ts';
import { valueType } from '../../rdb/value-types.ts';
import { mendedCodes } from '../../rdb/writer/mended-values.ts';
import { canonicalType } from '../../servers/value-type-id.ts';
import type { Unresolved } from './plan.ts';

/** Values that a repair keeps although some servers refuse to load them, counted by what is wrong with them. */
export class RefusedValues {
  private readonly byCode = new Map<string, Unresolved>();

  /** A value that was checked, and that the repair keeps: only warnings were noted of it. */
  add(reader: RdbReader, { notes, rebuilt }: ValueCheck): void {
    if (notes.some(({ severity, code }) => severity === 'error' && !mendedCodes.has(code))) return;
    for (const { code, offset, expected, found } of notes) {
      if (mendedCodes.has(code)) continue;
      const flaw = { code, type: canonicalType(reader.type, reader), rebuilt };
      if (!refusedBySome(flaw)) continue;
      const known = this.byCode.get(code);
      if (known !== undefined) {
        this.byCode.set(code, { ...known, count: known.count + 1 });
        continue;
      }
      const name = escapeBytes(reader.key, 0, reader.keyLength, 128);
      const what = `the ${valueType(reader.type, reader)?.data} "${name}" in database ${reader.db}`;
      this.byCode.set(code, {
        code,
        count: 1,
        offset,
        found: `${what}: expected ${expected}, found ${found}`,
        advice: loadAdvice(flaw),
      });
    }
  }

  get list(): readonly Unresolved[] {
    return [...this.byCode.values()];
  }
}
