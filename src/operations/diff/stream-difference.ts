import type { Stream } from '../../values/stream.ts';
import { formatId } from '../../values/stream-id.ts';
import type { Group } from '../../values/stream-pending.ts';
import { quoted, type ValueDifference } from './result.ts';

/** The first difference in what a stream has beside its entries, which no digest covers. Seen and active times do not count. */
export function streamStateDifference(a: Stream, b: Stream): ValueDifference | undefined {
  return (
    differs('last id', formatId(a.lastId), formatId(b.lastId)) ??
    differs('entries added', String(a.entriesAdded), String(b.entriesAdded)) ??
    differs('max deleted id', formatId(a.maxDeletedId), formatId(b.maxDeletedId)) ??
    groupsDifference(a.groups ?? new Map(), b.groups ?? new Map())
  );
}

function differs(place: string, a: string | undefined, b: string | undefined): ValueDifference | undefined {
  return a === b ? undefined : { place, a, b };
}

function groupsDifference(a: ReadonlyMap<string, Group>, b: ReadonlyMap<string, Group>): ValueDifference | undefined {
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [one, other] = [a.get(name), b.get(name)];
    const place = `group ${quoted(name)}`;
    if (one === undefined || other === undefined) return { place, a: one && 'there', b: other && 'there' };
    const found = groupDifference(one, other);
    if (found !== undefined) return { ...found, place: `${found.place} of ${place}` };
  }
  return undefined;
}

function groupDifference(a: Group, b: Group): ValueDifference | undefined {
  return (
    differs('last id', formatId(a.lastId), formatId(b.lastId)) ??
    differs('entries read', String(a.entriesRead), String(b.entriesRead)) ??
    consumersDifference(a, b) ??
    pendingDifference(a, b)
  );
}

function consumersDifference(a: Group, b: Group): ValueDifference | undefined {
  for (const name of new Set([...a.consumers.keys(), ...b.consumers.keys()])) {
    const [one, other] = [a.consumers.has(name), b.consumers.has(name)];
    if (one !== other)
      return { place: `consumer ${quoted(name)}`, a: one ? 'there' : undefined, b: other ? 'there' : undefined };
  }
  return undefined;
}

function pendingDifference(a: Group, b: Group): ValueDifference | undefined {
  const [one, other] = [pendingOf(a), pendingOf(b)];
  for (const id of new Set([...one.keys(), ...other.keys()])) {
    const found = differs(`pending entry ${id}`, one.get(id), other.get(id));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Each pending entry's owner and deliveries, by id. */
function pendingOf(group: Group): Map<string, string> {
  const pending = new Map<string, string>();
  for (const { ms, seq, consumer, deliveryCount, deliveryTime } of group.pending) {
    const owner = consumer === undefined ? 'nobody' : quoted(consumer.name);
    pending.set(`${ms}-${seq}`, `${owner}, ${deliveryCount} deliveries, the last at ${deliveryTime}`);
  }
  return pending;
}
