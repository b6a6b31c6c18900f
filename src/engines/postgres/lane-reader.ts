import type { Db } from '../../db/pool.ts';
import type { LogBatch, LogReader, PositionedEvent, UnreadableRecord } from '../../ports/event-log.ts';
import { EVENT_COLUMNS, type EventRow, toEvent } from './event-rows.ts';

/** Reads every lane: those of writers, and those that counting fills out of another log. All of them are the raw rows. */
export function createLaneReader(db: Db): LogReader {
  return {
    identity: 'postgres',
    capabilities: { deduplicates: true, isRawStore: true },
    listPartitions: async () => {
      const rows = await db.query<{ lane: number; created_at: Date }>(
        'select lane, created_at from log_lanes order by lane',
      );
      return rows.map((row) => ({ partition: row.lane, createdAt: row.created_at }));
    },
    read: (partition, after, limit) => readBatch(db, partition, after, limit),
    span: (partition, after, limit) => readSpan(db, partition, after, limit),
    clock: async () => {
      const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now', [], 'clock');
      return row!.now;
    },
  };
}

async function readBatch(db: Db, lane: number, after: number, limit: number): Promise<LogBatch> {
  const rows = await db.query<EventRow>(
    `select ${EVENT_COLUMNS} from event_log where lane = $1 and seq > $2 order by seq limit $3`,
    [lane, after, limit],
    'read_log',
  );
  const events: PositionedEvent[] = [];
  const unreadable: UnreadableRecord[] = [];
  for (const row of rows) {
    try {
      events.push({ position: row.seq, event: toEvent(row) });
    } catch (error) {
      const detail = (error as Error).message;
      const payload = { event_id: row.event_id };
      unreadable.push({ position: row.seq, reason: 'unreadable', detail, payload });
    }
  }
  return {
    events,
    ...(unreadable.length > 0 && { unreadable }),
    count: rows.length,
    upTo: rows.at(-1)?.seq ?? after,
    atEnd: rows.length < limit,
  };
}

async function readSpan(db: Db, lane: number, after: number, limit: number) {
  const [row] = await db.query<{ up_to: number; events: number }>(
    `select coalesce(max(seq), $2) as up_to, count(*) as events
     from (select seq from event_log where lane = $1 and seq > $2 order by seq limit $3) as batch`,
    [lane, after, limit],
    'span_log',
  );
  return { upTo: row!.up_to, count: row!.events, atEnd: row!.events < limit };
}
