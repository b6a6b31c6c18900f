import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Db } from '../../db/pool.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { findMove, forgetWriter, isOpen, type Move, noteWriter, servingAddress } from './moves.queries.ts';
import type { MovingLog } from './moving-log.ts';

const LOOK_MS = 500;
/** After the target could not be opened; each try takes seconds by itself. */
const RETRY_MS = 2_000;

export interface FollowOptions {
  readonly db: Db;
  readonly log: MovingLog;
  readonly logger: Logger;
  /** The address that `log` appends to now. */
  readonly address: string;
  /** The log at an address, able to take events. Rejects where it is not. */
  readonly open: (address: string) => Promise<EventLog>;
  /** Nothing goes there any more, and nothing will. */
  readonly leave: (address: string) => Promise<void>;
  readonly onServing: (address: string) => void;
  /** False for a process that only counts: a move does not wait for it. */
  readonly writes: boolean;
}

export interface Following {
  readonly close: () => Promise<void>;
}

/**
 * Looks twice a second where events go, says what this process does about it, and switches. Resolves once this process is
 * known as a writer: before that it must not append. While the database is away everything stays as it is.
 */
export async function followMove(options: FollowOptions): Promise<Following> {
  const { db, log, logger } = options;
  const stop = new AbortController();
  const id = randomUUID();
  const name = `${hostname()}/${process.pid}`;
  let { address } = options;
  const target = createTarget(options.open);

  async function look(): Promise<void> {
    log.tick();
    const move = await findMove(db, 'event-log');
    if (move) await follow(move);
    log.heard();
    if (!options.writes) return;
    const { readyFor, problem } = target.state();
    await noteWriter(db, { id, name, writes_to: address, ready_for: readyFor, problem });
  }

  async function follow(move: Move): Promise<void> {
    if (isOpen(move)) target.prepare(move);
    const serving = servingAddress(move);
    if (serving !== address) await change(serving);
    else if (move.state === 'finished' || move.state === 'back')
      await options.leave(move.target === address ? move.source : move.target);
  }

  async function change(serving: string): Promise<void> {
    const next = await options.open(serving).catch((error: unknown) => {
      target.failed(error);
      return undefined;
    });
    if (!next) return;
    await log.switchTo(next);
    logger.info({ from: address, to: serving }, 'events go to another log from now on');
    address = serving;
    options.onServing(serving);
  }

  await look();
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await sleep(LOOK_MS, stop.signal);
      log.tick();
      await look().catch((error: unknown) => logger.debug({ err: error }, 'nobody says where events go'));
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await looking;
      if (options.writes) await forgetWriter(db, id).catch(() => undefined);
    },
  };
}

/** Opens the target of a move beside what the process does: while it waits for an engine, others must hear of it. */
function createTarget(open: FollowOptions['open']) {
  let opening: number | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let readyFor: number | null = null;
  let problem: string | null = null;
  return {
    state: () => ({ readyFor, problem }),
    failed: (error: unknown) => {
      problem = messageOf(error);
    },
    prepare: ({ id, target }: Move) => {
      if (readyFor === id || opening === id || performance.now() - triedAt < RETRY_MS) return;
      opening = id;
      void open(target)
        .then(
          () => {
            readyFor = id;
            problem = null;
          },
          (error: unknown) => {
            problem = messageOf(error);
          },
        )
        .finally(() => {
          opening = undefined;
          triedAt = performance.now();
        });
    },
  };
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
