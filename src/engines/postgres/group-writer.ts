import { isDataError, toEngineError } from '../../db/pg-errors.ts';
import { AppError, EngineError } from '../../kit/errors.ts';
import { failpoint } from '../../kit/failpoint.ts';
import { outcomeUnknown } from '../../kit/group-queue.ts';
import type { AppendOutcome } from '../../ports/event-log.ts';
import type { LaneSession, OpenLane } from './log-lane.ts';

const KEPT: AppendOutcome = { status: 'kept' };

/** What a group does in the lane's session. Errors come as the driver gives them. */
export interface GroupStatements<E> {
  /**
   * Keeps the events, in one commit; answers which of them (their index) had an id that was there already. Each statement
   * it sends takes its `seq` at that moment: where several are under way, the order of `seq` stays the order of commits.
   */
  readonly insert: (events: readonly E[], takeSeqs: () => number) => Promise<readonly number[]>;
  /** Of events whose id the log holds: `duplicate` or `reused`, in the order given. */
  readonly compareCopies: (events: readonly E[]) => Promise<readonly AppendOutcome[]>;
}

/** What the writing of groups moves: the lane's next `seq`, or the end of its session. */
export type WritableLane = Pick<OpenLane<LaneSession>, 'nextSeq' | 'abandon'>;

/**
 * Keeps a group. A data error fails its whole statement, so it is halved until the bad event stands alone (EL-6).
 * Rejects with AppError `unavailable` only where nothing was kept (EL-2), else with `outcome_unknown`.
 */
export async function writeGroup<E>(
  lane: WritableLane,
  statements: GroupStatements<E>,
  events: readonly E[],
): Promise<readonly AppendOutcome[]> {
  try {
    return await writeOnce(lane, statements, events);
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (events.length === 1) return [{ status: 'unstorable', reason: (error as Error).message }];
    const half = events.length >> 1;
    const left = await writeGroup(lane, statements, events.slice(0, half));
    failpoint?.('log.between-halves');
    const right = await writeGroup(lane, statements, events.slice(half)).catch((cause: unknown) => {
      // The other half is kept by now, so nobody may be told that nothing was.
      throw left.some((outcome) => outcome.status === 'kept') ? outcomeUnknown(cause) : cause;
    });
    return [...left, ...right];
  }
}

async function writeOnce<E>(
  lane: WritableLane,
  statements: GroupStatements<E>,
  events: readonly E[],
): Promise<readonly AppendOutcome[]> {
  // Never taken back, not even after an error: a seq that was tried once is not tried again.
  const takeSeqs = () => {
    lane.nextSeq += events.length;
    return lane.nextSeq - events.length;
  };
  failpoint?.('log.before-commit');
  let known: readonly number[];
  try {
    const sent = statements.insert(events, takeSeqs);
    failpoint?.('log.in-flight');
    known = await sent;
  } catch (error) {
    throw failedWrite(error, lane);
  }
  failpoint?.('log.after-commit');
  if (known.length === 0) return events.map(() => KEPT);
  const outcomes = events.map(() => KEPT);
  const copies = await compareCopies(
    lane,
    statements,
    known.map((index) => events[index]!),
  );
  for (const [at, index] of known.entries()) outcomes[index] = copies[at]!;
  return outcomes;
}

function failedWrite(error: unknown, lane: WritableLane): unknown {
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
  lane.abandon();
  return outcomeUnknown(graded);
}

/** The group is kept by now: where this fails, nobody can tell which copy won. */
async function compareCopies<E>(
  lane: WritableLane,
  statements: GroupStatements<E>,
  events: readonly E[],
): Promise<readonly AppendOutcome[]> {
  try {
    return await statements.compareCopies(events);
  } catch (error) {
    const graded = toEngineError(error, 'compare copies', true);
    if (!(graded instanceof EngineError)) throw graded;
    if (graded.mayHaveHappened) lane.abandon();
    throw outcomeUnknown(graded);
  }
}
