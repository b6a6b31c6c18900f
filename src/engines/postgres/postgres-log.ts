import type { Db } from '../../db/pool.ts';
import type { Event } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import { createGroupQueue } from '../../kit/group-queue.ts';
import type { Logger } from '../../kit/logger.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';
import { createGroupStatements } from './group-statements.ts';
import { writeGroup } from './group-writer.ts';
import { createLaneReader } from './lane-reader.ts';
import { openLaneSession } from './lane-session.ts';
import { openLane } from './log-lane.ts';
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

const MAX_GROUP = 2_000;
const MAX_QUEUED = 20_000;
/** With the writing itself, of as many as came meanwhile, an event that is accepted has its answer within a second. */
const MAX_WAIT_MS = 400;
const DEADLINE_MS = 2_500;
const HOUR_MS = 3_600_000;
/** Since a group was refused: no balancer shall send here, yet somebody must find out when it is over. */
const REFUSED_MS = 2_000;

/** The event log in PostgreSQL: group commit into daily partitions, read lane by lane. */
export async function openPostgresLog(options: PostgresLogOptions): Promise<EventLog> {
  const { db, clock } = options;
  const partitions = createPartitions(db);
  const statementsOf = createGroupStatements();
  const lane = options.writes
    ? await openLane({
        openSession: (onLost) => openLaneSession(options.directUrl, DEADLINE_MS, onLost),
        log: options.log,
      })
    : undefined;
  if (lane) await partitions.ensureAhead(clock.now());
  const hourly = setInterval(() => {
    partitions
      .ensureAhead(clock.now())
      .catch((error) => options.log.warn({ err: error }, 'could not make partitions'));
  }, HOUR_MS);
  hourly.unref();

  const refusals = createRefusals(options);
  const reader = createLaneReader(db);

  async function write(events: readonly Event[]): Promise<readonly AppendOutcome[]> {
    const open = lane?.current();
    if (!open) throw noConnection();
    return refusals.watch(async () => {
      await partitions.ensure(new Set(events.map((event) => event.day)));
      return writeGroup(open, statementsOf(open), events);
    });
  }

  const queue = createGroupQueue({
    clock,
    maxGroup: MAX_GROUP,
    maxQueued: MAX_QUEUED,
    maxWaitMs: MAX_WAIT_MS,
    deadlineMs: DEADLINE_MS,
    // One connection takes both, one after the other.
    ahead: true,
    write,
  });

  return {
    identity: reader.identity,
    capabilities: reader.capabilities,
    append: (events) => (lane?.current() ? queue.add(events) : Promise.reject(noConnection())),
    queued: queue.queued,
    expectedWaitMs: queue.expectedWaitMs,
    writable: () => lane?.current() !== undefined && !refusals.recent(),
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
      await queue.close();
      await lane?.close();
    },
  };
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

function noConnection(): AppError {
  return new AppError(
    'unavailable',
    'The event log has no connection to its database. Nothing was kept; repeat after Retry-After.',
  );
}
