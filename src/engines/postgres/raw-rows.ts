import type { Db } from '../../db/pool.ts';
import { EVENT_TYPE_NAMES, type Event, SUBJECT_KIND_NAMES } from '../../events/event.ts';
import type { PositionedEvent } from '../../ports/event-log.ts';
import { encodeRows, INSERT_GROUP } from './event-rows.ts';
import { createPartitions } from './partitions.ts';

interface CopyRow {
  readonly event_id: string;
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly type: number;
}

/** The raw store for events that come out of another log: rows go in within the transaction that counts them. */
export function createRawRows(db: Db) {
  const partitions = createPartitions(db);
  return {
    /** Makes the partitions that these events need; before the transaction, since it locks the table. */
    makeRoom: (events: readonly PositionedEvent[]) =>
      partitions.ensure(new Set(events.map(({ event }) => event.day))),
    /** Returns the positions of those whose id was there before, or earlier among them: they were not inserted. */
    insert: async (
      tx: Db,
      lane: number,
      events: readonly PositionedEvent[],
    ): Promise<ReadonlySet<number>> => {
      const rows = await tx.query<{ seq: number }>(
        INSERT_GROUP,
        encodeRows(
          events.map(({ event }) => event),
          events.map(({ position }) => position),
          lane,
        ),
        'record_rows',
      );
      return new Set(rows.map((row) => row.seq));
    },
    /** Of events whose id is there: those whose first copy has another subject or type. */
    findReused: async (tx: Db, events: readonly PositionedEvent[]): Promise<readonly PositionedEvent[]> => {
      const rows = await tx.query<CopyRow>(
        `select event_id, subject_kind, subject_id, type from event_log
         where (event_id, day) in (select * from unnest($1::uuid[], $2::int4[]))`,
        [events.map(({ event }) => event.id), events.map(({ event }) => event.day)],
        'find_copies',
      );
      const first = new Map(rows.map((row) => [row.event_id, row]));
      return events.filter(({ event }) => isReused(event, first.get(event.id)));
    },
  };
}

function isReused({ subject, type }: Event, first: CopyRow | undefined): boolean {
  if (!first) return false;
  return (
    SUBJECT_KIND_NAMES.get(first.subject_kind) !== subject.kind ||
    first.subject_id !== subject.id ||
    EVENT_TYPE_NAMES.get(first.type) !== type
  );
}
