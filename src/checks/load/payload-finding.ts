import type { FindingList } from '../../aof/report.ts';
import { escapeBytes } from '../../io/text.ts';
import { loadAdvice } from '../../rdb/load-advice.ts';
import type { Refusal } from '../../rdb/load-check.ts';
import type { CommandView } from '../../resp/command-view.ts';

/** A payload of a RESTORE at which servers end. `refusal.offset` counts from the payload's first byte, the frame's positions from its base. */
export function addPayloadFinding(
  { code, offset, expected, found, type = -1, rebuilt = false }: Refusal,
  frame: CommandView,
  database: number,
  file: string,
  findings: FindingList,
): void {
  const { bytes, base, starts, lengths, ordinal } = frame;
  const at = base + starts[3];
  findings.add(code, file, at + offset, {
    repairable: false,
    command: { ordinal, name: frame.text(0) },
    key: { name: escapeBytes(bytes, starts[1], starts[1] + lengths[1]), db: database, type: 'payload of RESTORE' },
    expected,
    found,
    ...(code === 'rdb.module.needed' ? {} : { advice: loadAdvice({ code, type, rebuilt }) }),
  });
}
