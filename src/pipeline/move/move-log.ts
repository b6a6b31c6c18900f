import type { Db, Pool } from '../../db/pool.ts';
import { AppError } from '../../kit/errors.ts';
import { sleep } from '../../kit/wait.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { Aggregator } from '../aggregate/index.ts';
import { leaveLog } from '../record/index.ts';
import {
  advanceMove,
  findCountedThrough,
  findIdentity,
  findMove,
  insertMove,
  isOpen,
  isUntouched,
  listWriters,
  type Move,
  type MoveState,
  notePositions,
  readClock,
} from './moves.queries.ts';
import { changed, resume } from './under-way.ts';

const LOOK_MS = 200;
/** A process that writes is heard of twice a second; after so long in silence nobody waits for it. */
const LEASE_MS = 6_000;
/**
 * The log that was left is not read any more once no process can acknowledge an event there. One that cannot reach
 * PostgreSQL refuses events a minute later, as it knows no campaign any more; one that stood still asks first.
 */
const SILENT_MS = 120_000;
const ROLE = 'event-log';

export interface LogMoveDeps {
  readonly db: Pool;
  /** Where events go while nothing was ever moved. */
  readonly serving: string;
  /** The address of PostgreSQL's log: it is counted whatever moves. */
  readonly own: string;
  /** Whether two addresses name one log. */
  readonly isSame: (one: string, other: string) => boolean;
  /** Makes the log at an address fit to take events, and known to those that count. */
  readonly open: (address: string) => Promise<Pick<EventLog, 'identity' | 'listPartitions' | 'span'>>;
  /** Counts what all logs hold meanwhile: there may be no server. */
  readonly startCounting: () => Aggregator;
  /** Events of all logs that are not counted yet; null where one does not answer. */
  readonly readLag: () => Promise<number | null>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MoveProgress) => void;
}

export interface MoveProgress {
  readonly state: MoveState;
  /** Events that are not counted yet; null: unknown. */
  readonly lag: number | null;
  /** What is waited for, in words. */
  readonly waiting: readonly string[];
}

export interface MoveReport {
  readonly source: string;
  readonly target: string;
  readonly state: MoveState;
  /** False where it was interrupted: run again, it goes on. */
  readonly finished: boolean;
}

/** Moves the log to `to`, or goes on with the move that is under way. Run again after any interruption, it resumes. */
export async function moveLog(deps: LogMoveDeps, to: string | undefined): Promise<MoveReport> {
  return run(deps, await begin(deps, to), 'done');
}

/** Leads back to where the newest move came from. */
export async function backLog(deps: LogMoveDeps): Promise<MoveReport> {
  const { db, own } = deps;
  const move = await findMove(db, ROLE);
  if (!move || move.state === 'back')
    throw new AppError('conflict', 'The event log was not moved: there is no way back.');
  if (move.state === 'preparing') return giveUp(deps, move);
  const { source, target } = move;
  const way = { role: ROLE, source: target, target: source } as const;
  if (!isOpen(move)) return run(deps, await begin(deps, source), 'done');
  // Not prepared again: every process has the log open that it came from, and some may still write there.
  const turned = await db.transaction(async (tx) => {
    if (!(await advanceMove(tx, move, 'back'))) throw changed();
    return insertMove(tx, { ...way, state: 'switching' });
  });
  if (!turned) throw changed();
  if (source !== own) await deps.open(source);
  return run(deps, turned, 'done');
}

/** Says that the log it came from may go: everything that was acknowledged there is counted, and nothing can come any more. */
export async function finishLog(deps: LogMoveDeps): Promise<MoveReport> {
  const move = await findMove(deps.db, ROLE);
  if (!move || !isOpen(move))
    throw new AppError('conflict', 'No move of the event log is under way: there is nothing to finish.');
  return run(deps, move, 'finished');
}

async function begin(deps: LogMoveDeps, asked: string | undefined): Promise<Move> {
  const { db, isSame } = deps;
  const move = await resume(db, { role: ROLE, to: asked, isSame });
  if ('id' in move) return move;
  const { to } = move;
  if (isSame(to, deps.serving)) throw new AppError('conflict', `Events go to ${to} already.`);
  const log = await deps.open(to);
  if (to !== deps.own) await notePositions(db, log.identity, await findEmptyAt(db, log));
  const made = await insertMove(db, { role: ROLE, source: deps.serving, target: to, state: 'preparing' });
  if (!made) throw changed();
  return made;
}

/** An instant at which the log was empty; undefined where it is not. */
async function findEmptyAt(
  db: Db,
  log: Pick<EventLog, 'listPartitions' | 'span'>,
): Promise<Date | undefined> {
  const at = await readClock(db);
  for (const { partition } of await log.listPartitions())
    if ((await log.span(partition, 0, 1)).count > 0) return undefined;
  return at;
}

const NEXT: Partial<Record<MoveState, MoveState>> = {
  preparing: 'switching',
  switching: 'draining',
  draining: 'done',
  done: 'finished',
};

async function run(deps: LogMoveDeps, begun: Move, until: 'done' | 'finished'): Promise<MoveReport> {
  const { db, signal } = deps;
  let move = begun;
  const since = await readClock(db);
  const counting = deps.startCounting();
  try {
    while (move.state !== until && NEXT[move.state] && !signal.aborted) {
      const waiting = await listWaiting(deps, move, since);
      deps.onProgress({ state: move.state, waiting, lag: await deps.readLag() });
      if (waiting.length === 0) move = await advance(deps, move);
      else await sleep(LOOK_MS, signal);
    }
  } finally {
    await counting.close();
  }
  const { source, target, state } = move;
  return { source, target, state, finished: state === until || NEXT[state] === undefined };
}

async function advance({ db, own }: LogMoveDeps, move: Move): Promise<Move> {
  const next = NEXT[move.state]!;
  await db.transaction(async (tx) => {
    // Another run of this command was first: what it did is read below.
    if (!(await advanceMove(tx, move, next)) || next !== 'finished' || move.source === own) return;
    const identity = await findIdentity(tx, move.source);
    if (identity !== undefined) await leaveLog(tx, identity);
  });
  const now = await findMove(db, ROLE);
  if (now?.id !== move.id) throw changed();
  return now;
}

/** What must still happen before the move may go on, in words. */
async function listWaiting(deps: LogMoveDeps, move: Move, since: Date): Promise<string[]> {
  const { db, own } = deps;
  switch (move.state) {
    case 'preparing': {
      const writers = (await listWriters(db, LEASE_MS)).filter((one) => one.ready_for !== move.id);
      const named = writers.map(({ name, problem }) => `${name}: ${problem ?? 'opens the new log'}`);
      const isRead = await isCountedSince(db, move.target, own, new Date(1));
      return isRead ? named : [...named, 'the new log is read for the first time'];
    }
    case 'switching':
      return (await listWriters(db, LEASE_MS))
        .filter((one) => one.writes_to !== move.target)
        .map(({ name, problem }) => `${name}: ${problem ?? 'switches'}`);
    case 'draining':
      return (await isCountedSince(db, move.source, own, move.changed_at))
        ? []
        : ['the old log is counted to its end'];
    case 'done': {
      if (move.source === own) return [];
      const writers = (await listWriters(db, SILENT_MS)).filter((one) => one.writes_to === move.source);
      if (writers.length > 0)
        return writers.map(
          ({ name, silent_ms }) =>
            `${name} wrote to the old log when it was last heard of, ${Math.round(silent_ms / 1_000)} s ago; it is waited for until ${SILENT_MS / 1_000} s are over`,
        );
      return (await isCountedSince(db, move.source, own, since)) ? [] : ['the old log is counted to its end'];
    }
    default:
      return [];
  }
}

async function isCountedSince(db: Db, address: string, own: string, since: Date): Promise<boolean> {
  const identity = address === own ? null : await findIdentity(db, address);
  // Never reached: nothing can be in it.
  if (identity === undefined) return true;
  const through = await findCountedThrough(db, identity);
  return through === undefined || through > since;
}

/** Nobody has written to the target yet. */
async function giveUp({ db, own }: LogMoveDeps, move: Move): Promise<MoveReport> {
  const { source, target } = move;
  await db.transaction(async (tx) => {
    if (!(await advanceMove(tx, move, 'back'))) throw changed();
    const identity = target === own ? undefined : await findIdentity(tx, target);
    if (identity !== undefined && (await isUntouched(tx, identity))) await leaveLog(tx, identity);
  });
  return { source, target, state: 'back', finished: true };
}
