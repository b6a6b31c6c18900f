import type { Db } from '../../db/pool.ts';
import type { Event } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { createLaneReader } from './lane-reader.ts';
import { type LaneWriter, noConnection, openLaneWriter } from './lane-writer.ts';
import { createPartitions } from './partitions.ts';

interface PostgresLogOptions {
  readonly db: Db;
  /** A direct connection (no PgBouncer): the writer holds a session lock. */
  readonly directUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** False for a process that only reads. */
  readonly writes: boolean;
  /** Of a process that writes: lanes that take its events side by side. One by default, for which groups grow largest. */
  readonly lanes?: number | undefined;
}

const HOUR_MS = 3_600_000;
/** Since a group was refused: no balancer shall send here, yet somebody must find out when it is over. */
const REFUSED_MS = 2_000;

/** The event log in PostgreSQL: group commit into daily partitions, read lane by lane. */
export async function openPostgresLog(options: PostgresLogOptions): Promise<EventLog> {
  const { db, clock, lanes = 1 } = options;
  const partitions = createPartitions(db);
  const refusals = createRefusals(options);
  const prepare = (events: readonly Event[]) => partitions.ensure(new Set(events.map((event) => event.day)));
  const writers: LaneWriter[] = [];
  const closeWriters = () => Promise.all(writers.map((writer) => writer.close()));
  try {
    // One after the other: each takes the first lane that is free.
    while (options.writes && writers.length < lanes)
      writers.push(await openLaneWriter({ ...options, prepare, watch: refusals.watch }));
    if (options.writes) await partitions.ensureAhead(clock.now());
  } catch (error) {
    await closeWriters();
    throw error;
  }
  const hourly = setInterval(() => {
    partitions
      .ensureAhead(clock.now())
      .catch((error) => options.log.warn({ err: error }, 'could not make partitions'));
  }, HOUR_MS);
  hourly.unref();

  const reader = createLaneReader(db);

  return {
    identity: reader.identity,
    capabilities: reader.capabilities,
    append: (events) => findFreest(writers)?.append(events) ?? Promise.reject(noConnection()),
    queued: () => writers.reduce((sum, writer) => sum + writer.queued(), 0),
    expectedWaitMs: () => findFreest(writers)?.expectedWaitMs() ?? 0,
    writable: () => findFreest(writers) !== undefined && !refusals.recent(),
    listPartitions: async () => {
      const rows = await db.query<{ lane: number; created_at: Date }>(
        'select lane, created_at from log_lanes where source is null order by lane',
      );
      return rows.map((row) => ({ partition: row.lane, createdAt: row.created_at }));
    },
    read: reader.read,
    span: reader.span,
    clock: reader.clock,
    close: async () => {
      clearInterval(hourly);
      await closeWriters();
    },
  };
}

function findFreest(writers: readonly LaneWriter[]): LaneWriter | undefined {
  let freest: LaneWriter | undefined;
  for (const writer of writers)
    if (writer.isOpen() && (freest === undefined || writer.queued() < freest.queued())) freest = writer;
  return freest;
}

/** Whether the database, though connected, refuses groups, on a full disk for example; said once in the log, not for each. */
function createRefusals({ clock, log }: Pick<PostgresLogOptions, 'clock' | 'log'>) {
  let refusedAt: number | undefined;
  const recent = () => refusedAt !== undefined && clock.monotonicMs() - refusedAt < REFUSED_MS;
  return {
    recent,
    watch: async <T>(write: () => Promise<T>): Promise<T> => {
      try {
        const written = await write();
        if (refusedAt !== undefined && !recent()) {
          refusedAt = undefined;
          log.info({}, 'the event log takes events again');
        }
        return written;
      } catch (error) {
        if (refusedAt === undefined) log.warn({ err: error }, 'the event log refuses events');
        refusedAt = clock.monotonicMs();
        throw error;
      }
    },
  };
}
