import { isDataError, toEngineError } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import { EVENT_TYPE_NAMES, type Event, SUBJECT_KIND_NAMES } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError, EngineError } from '../../kit/errors.ts';
import { failpoint } from '../../kit/failpoint.ts';
import { createGroupQueue, outcomeUnknown } from '../../kit/group-queue.ts';
import type { Logger } from '../../kit/logger.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';
import { EVENT_COLUMNS, type EventRow, encodeGroup, INSERT_GROUP, toEvent } from './event-rows.ts';
import { type OpenLane, openLane } from './log-lane.ts';
import { createPartitions } from './partitions.ts';

interface PostgresLogOptions {
  readonly db: Db;
  /** A direct connection (no PgBouncer): the writer holds a session lock. */
  readonly directUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** False for a process that only reads. */
  readonly writes: boolean;
}

const MAX_GROUP = 1_000;
const MAX_QUEUED = 20_000;
const DEADLINE_MS = 2_500;
const HOUR_MS = 3_600_000;
const KEPT: AppendOutcome = { status: 'kept' };
const DUPLICATE: AppendOutcome = { status: 'duplicate' };

/** The event log in PostgreSQL: group commit into daily partitions, read lane by lane. */
export async function openPostgresLog(options: PostgresLogOptions): Promise<EventLog> {
  const { db, clock } = options;
  const partitions = createPartitions(db);
  const lane = options.writes
    ? await openLane({ url: options.directUrl, writeTimeoutMs: DEADLINE_MS, log: options.log })
    : undefined;
  if (lane) await partitions.ensureAhead(clock.now());
  const hourly = setInterval(() => {
    partitions
      .ensureAhead(clock.now())
      .catch((error) => options.log.warn({ err: error }, 'could not make partitions'));
  }, HOUR_MS);
  hourly.unref();

  async function write(events: readonly Event[]): Promise<readonly AppendOutcome[]> {
    const open = lane?.current();
    if (!open) throw noConnection();
    await partitions.ensure(new Set(events.map((event) => event.day)));
    return writeSplitting(open, events);
  }

  const queue = createGroupQueue({
    clock,
    maxGroup: MAX_GROUP,
    maxQueued: MAX_QUEUED,
    deadlineMs: DEADLINE_MS,
    write,
  });

  return {
    identity: 'postgres',
    capabilities: { deduplicates: true, isRawStore: true },
    append: (events) => (lane?.current() ? queue.add(events) : Promise.reject(noConnection())),
    queued: queue.queued,
    writable: () => lane?.current() !== undefined,
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
    close: async () => {
      clearInterval(hourly);
      await queue.close();
      await lane?.close();
    },
  };
}

/** A data error fails the whole statement, so the group is halved until the bad event stands alone (EL-6). */
async function writeSplitting(open: OpenLane, events: readonly Event[]): Promise<readonly AppendOutcome[]> {
  try {
    return await writeOnce(open, events);
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (events.length === 1) return [{ status: 'unstorable', reason: (error as Error).message }];
    const half = events.length >> 1;
    const left = await writeSplitting(open, events.slice(0, half));
    failpoint?.('log.between-halves');
    const right = await writeSplitting(open, events.slice(half)).catch((cause: unknown) => {
      // The other half is kept by now, so nobody may be told that nothing was.
      throw left.some((outcome) => outcome.status === 'kept') ? outcomeUnknown(cause) : cause;
    });
    return [...left, ...right];
  }
}

async function writeOnce(open: OpenLane, events: readonly Event[]): Promise<readonly AppendOutcome[]> {
  const firstSeq = open.nextSeq;
  // Never taken back, not even after an error: a seq that was tried once is not tried again.
  open.nextSeq += events.length;
  failpoint?.('log.before-commit');
  let known: readonly { seq: number }[];
  try {
    const values = encodeGroup(events, firstSeq, open.lane);
    const sent = open.client.query<{ seq: number }>({ name: 'insert_group', text: INSERT_GROUP, values });
    failpoint?.('log.in-flight');
    known = (await sent).rows;
  } catch (error) {
    throw failedWrite(error, open);
  }
  failpoint?.('log.after-commit');
  if (known.length === 0) return events.map(() => KEPT);
  const outcomes = events.map(() => KEPT);
  const indexes = known.map((row) => row.seq - firstSeq);
  const copies = await compareCopies(
    open,
    indexes.map((index) => events[index]!),
  );
  for (const [at, index] of indexes.entries()) outcomes[index] = copies[at]!;
  return outcomes;
}

function failedWrite(error: unknown, open: OpenLane): unknown {
  if (isDataError(error)) return error;
  const graded = toEngineError(error, 'append', true);
  if (!(graded instanceof EngineError)) return graded;
  // The server said no and is still there: nothing was kept. Otherwise the commit may have happened.
  if (!graded.mayHaveHappened) {
    return new AppError(
      'unavailable',
      'The event log cannot write now. Nothing was kept; repeat after Retry-After.',
      { cause: graded },
    );
  }
  open.abandon();
  return outcomeUnknown(graded);
}

interface CopyRow {
  readonly event_id: string;
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly type: number;
}

const COMPARE_COPIES = `select event_id, subject_kind, subject_id, type from event_log
  where (event_id, day) in (select * from unnest($1::uuid[], $2::int4[]))`;

/**
 * On the writer's own connection, not the pool's: the group is kept by now, and a full pool must not turn its answer
 * into "nothing was kept". Where it fails all the same, nobody can tell which copy won.
 */
async function compareCopies(open: OpenLane, events: readonly Event[]): Promise<AppendOutcome[]> {
  let rows: readonly CopyRow[];
  try {
    const values = [events.map((event) => event.id), events.map((event) => event.day)];
    rows = (await open.client.query<CopyRow>({ name: 'compare_copies', text: COMPARE_COPIES, values })).rows;
  } catch (error) {
    const graded = toEngineError(error, 'compare copies', true);
    if (!(graded instanceof EngineError)) throw graded;
    if (graded.mayHaveHappened) open.abandon();
    throw outcomeUnknown(graded);
  }
  const first = new Map(rows.map((row) => [row.event_id, row]));
  return events.map((event) => {
    const row = first.get(event.id);
    const kind = row && SUBJECT_KIND_NAMES.get(row.subject_kind);
    const type = row && EVENT_TYPE_NAMES.get(row.type);
    if (!row || !kind || !type) return DUPLICATE;
    const same = kind === event.subject.kind && row.subject_id === event.subject.id && type === event.type;
    return same ? DUPLICATE : { status: 'reused', subject: { kind, id: row.subject_id }, type };
  });
}

async function readBatch(db: Db, lane: number, after: number, limit: number) {
  const rows = await db.query<EventRow>(
    `select ${EVENT_COLUMNS} from event_log where lane = $1 and seq > $2 order by seq limit $3`,
    [lane, after, limit],
    'read_log',
  );
  const events = rows.map((row) => ({ position: row.seq, event: toEvent(row) }));
  return { events, count: rows.length, upTo: rows.at(-1)?.seq ?? after, atEnd: rows.length < limit };
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

function noConnection(): AppError {
  return new AppError(
    'unavailable',
    'The event log has no connection to its database. Nothing was kept; repeat after Retry-After.',
  );
}
