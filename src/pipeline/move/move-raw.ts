import type { Pool } from '../../db/pool.ts';
import { AppError } from '../../kit/errors.ts';
import { sleep } from '../../kit/wait.ts';
import { forgetStore, type RawLag, type RawRecorder, readerOf } from '../raw-recorder/index.ts';
import { isRawClean, type RawReport } from '../verify/index.ts';
import type { MoveReport } from './move-log.ts';
import {
  advanceMove,
  findIdentity,
  findMove,
  insertMove,
  isOpen,
  type Move,
  readClock,
} from './moves.queries.ts';
import { changed, resume } from './under-way.ts';

const LOOK_MS = 200;
/** Servers look twice a second which stores they fill. */
const GRACE_MS = 1_500;
const ROLE = 'raw-store';

export interface RawMoveDeps {
  readonly db: Pool;
  /** Which store is read while nothing was ever moved. */
  readonly serving: string;
  /** The address of the log's own rows. */
  readonly own: string;
  readonly isSame: (one: string, other: string) => boolean;
  /** Makes the store at an address known by its identity. Rejects where it does not answer. */
  readonly identify: (address: string) => Promise<string>;
  /** Fills the store at an address meanwhile: there may be no server. */
  readonly startFilling: (address: string) => Promise<RawRecorder>;
  readonly readLag: (address: string) => Promise<RawLag>;
  readonly check: (address: string, onProgress: CheckProgress) => Promise<RawReport>;
  readonly signal: AbortSignal;
  readonly onProgress: (what: 'fill' | 'check', done: number, of: number, text: string) => void;
}

type CheckProgress = (done: number, of: number, what: string) => void;

/**
 * Moves the raw store to `to`, or goes on with the move that is under way: the new store is filled from the log's beginning
 * and beside the old one, then held against the log, then read.
 */
export async function moveRaw(deps: RawMoveDeps, to: string | undefined): Promise<MoveReport> {
  return fill(deps, await begin(deps, to));
}

/** Before anybody read the new store: it is left. Afterwards: the same way in the other direction. */
export async function backRaw(deps: RawMoveDeps): Promise<MoveReport> {
  const { db } = deps;
  const move = await findMove(db, ROLE);
  if (!move || move.state === 'back')
    throw new AppError('conflict', 'The raw store was not moved: there is no way back.');
  if (!isOpen(move)) return fill(deps, await begin(deps, move.source));
  const { source, target } = move;
  if (move.state === 'filling') {
    if (!(await advanceMove(db, move, 'back'))) throw changed();
    await forget(deps, target);
    return { source, target, state: 'back', finished: true };
  }
  const turned = await db.transaction(async (tx) => {
    if (!(await advanceMove(tx, move, 'back'))) throw changed();
    return insertMove(tx, { role: ROLE, source: target, target: source, state: 'filling' });
  });
  if (!turned) throw changed();
  return fill(deps, turned);
}

/** The old store is not filled any more. What it holds stays where it is: nobody looks after it. */
export async function finishRaw(deps: RawMoveDeps): Promise<MoveReport> {
  const move = await findMove(deps.db, ROLE);
  if (!move || !isOpen(move))
    throw new AppError('conflict', 'No move of the raw store is under way: there is nothing to finish.');
  if (move.state !== 'done')
    throw new AppError(
      'conflict',
      `The move to ${move.target} is not done (${move.state}). First: npx weir move raw-store.`,
    );
  if (!(await advanceMove(deps.db, move, 'finished'))) throw changed();
  await forget(deps, move.source);
  const { source, target } = move;
  return { source, target, state: 'finished', finished: true };
}

async function begin(deps: RawMoveDeps, asked: string | undefined): Promise<Move> {
  const { db, isSame, serving } = deps;
  const move = await resume(db, { role: ROLE, to: asked, isSame });
  if ('id' in move) return move;
  const { to } = move;
  if (isSame(to, serving)) throw new AppError('conflict', `Raw events are read from ${to} already.`);
  // Both are known by their addresses before the move is: whoever fills one forgets every store that is not of it.
  await deps.identify(to);
  await deps.identify(serving);
  const made = await insertMove(db, { role: ROLE, source: serving, target: to, state: 'filling' });
  if (!made) throw changed();
  return made;
}

async function fill(deps: RawMoveDeps, move: Move): Promise<MoveReport> {
  const { db, own } = deps;
  const { source, target } = move;
  const interrupted = { source, target, state: move.state, finished: false };
  if (move.state === 'done') return { ...interrupted, finished: true };
  // The log's own rows are always whole.
  if (target !== own && !(await fillTo(deps, move))) return interrupted;
  if (!(await advanceMove(db, move, 'done'))) throw changed();
  return { source, target, state: 'done', finished: true };
}

/** Returns false where it was interrupted. */
async function fillTo(deps: RawMoveDeps, { target }: Move): Promise<boolean> {
  const { db, signal, onProgress } = deps;
  await deps.identify(target);
  const since = await readClock(db);
  const recorder = await deps.startFilling(target);
  let most = 1;
  try {
    for (;;) {
      if (signal.aborted) return false;
      const lag = await deps.readLag(target);
      most = Math.max(most, lag.lag_events);
      onProgress('fill', most - lag.lag_events, most, `${lag.lag_events} events to copy`);
      const now = await readClock(db);
      // Everything that was acknowledged when this began; what comes meanwhile is recorded like any other event.
      if (lag.lag_ms !== null && now.getTime() - lag.lag_ms > since.getTime()) break;
      await sleep(LOOK_MS, signal);
    }
    const report = await deps.check(target, (done, of, what) => onProgress('check', done, of, what));
    if (!report.finished) return false;
    if (!isRawClean(report)) throw differs(target, report);
    return true;
  } finally {
    await recorder.close();
  }
}

async function forget({ db, own }: RawMoveDeps, address: string): Promise<void> {
  if (address === own) return;
  const identity = await findIdentity(db, address);
  if (identity === undefined) return;
  // A server that has not heard of it yet may note its position once more.
  await sleep(GRACE_MS);
  await forgetStore(db, readerOf(identity));
}

function differs(target: string, { missing, altered, added }: RawReport): AppError {
  return new AppError(
    'conflict',
    `${target} is not what the log has: ${missing} event(s) missing, ${altered} altered, ${added} added. It is not read. Empty that database and run this again, or return: npx weir move raw-store --back.`,
  );
}
