import type { Event } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import { createGroupQueue, type GroupQueue } from '../../kit/group-queue.ts';
import type { Logger } from '../../kit/logger.ts';
import type { AppendOutcome } from '../../ports/event-log.ts';
import { createGroupStatements } from './group-statements.ts';
import { writeGroup } from './group-writer.ts';
import { openLaneSession } from './lane-session.ts';
import { openLane } from './log-lane.ts';

const MAX_GROUP = 2_000;
const MAX_QUEUED = 20_000;
/** With the writing itself, of as many as came meanwhile, an event that is accepted has its answer within a second. */
const MAX_WAIT_MS = 400;
const DEADLINE_MS = 2_500;

interface LaneWriterOptions {
  /** A direct connection (no PgBouncer): the writer holds a session lock. */
  readonly directUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Before each group is written. */
  readonly prepare: (events: readonly Event[]) => Promise<void>;
  /** Around each group with its preparation. */
  readonly watch: <T>(write: () => Promise<T>) => Promise<T>;
}

/** One lane of the log, its session and the queue before it. */
export interface LaneWriter extends Pick<GroupQueue<Event, AppendOutcome>, 'queued' | 'expectedWaitMs'> {
  readonly isOpen: () => boolean;
  /** Only while it is open. */
  readonly append: GroupQueue<Event, AppendOutcome>['add'];
  readonly close: () => Promise<void>;
}

export async function openLaneWriter(options: LaneWriterOptions): Promise<LaneWriter> {
  const statementsOf = createGroupStatements();
  const lane = await openLane({
    openSession: (onLost) => openLaneSession(options.directUrl, DEADLINE_MS, onLost),
    log: options.log,
  });

  async function write(events: readonly Event[]): Promise<readonly AppendOutcome[]> {
    const open = lane.current();
    if (!open) throw noConnection();
    return options.watch(async () => {
      await options.prepare(events);
      return writeGroup(open, statementsOf(open), events);
    });
  }

  const queue = createGroupQueue({
    clock: options.clock,
    maxGroup: MAX_GROUP,
    maxQueued: MAX_QUEUED,
    maxWaitMs: MAX_WAIT_MS,
    deadlineMs: DEADLINE_MS,
    // One connection takes both, one after the other.
    ahead: true,
    write,
  });

  return {
    isOpen: () => lane.current() !== undefined,
    append: queue.add,
    queued: queue.queued,
    expectedWaitMs: queue.expectedWaitMs,
    close: async () => {
      await queue.close();
      await lane.close();
    },
  };
}

export function noConnection(): AppError {
  return new AppError(
    'unavailable',
    'The event log has no connection to its database. Nothing was kept; repeat after Retry-After.',
  );
}
