import { toEngineError } from '../../db/pg-errors.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import { systemTimers, type Timers } from '../../kit/wait.ts';

const RECONNECT_MS = 100;

/** What owning a lane asks of a session of the database. Errors come as the driver gives them. */
export interface LaneSession {
  readonly listLanes: () => Promise<readonly number[]>;
  /** Whether this session now holds the lane, for as long as it lives. */
  readonly tryLock: (lane: number) => Promise<boolean>;
  readonly addLane: () => Promise<void>;
  /** The highest `seq` that was given out in the lane. */
  readonly findHead: (lane: number) => Promise<number>;
  /** Closes the socket at once: an orderly end would wait for a server that may be frozen. */
  readonly destroy: () => void;
  readonly end: () => Promise<void>;
}

export interface Lane<S extends LaneSession> {
  /** The session that holds a lane, or undefined while there is none. */
  readonly current: () => OpenLane<S> | undefined;
  readonly close: () => Promise<void>;
}

export interface OpenLane<S extends LaneSession> {
  readonly lane: number;
  readonly session: S;
  nextSeq: number;
  /** Gives this session up: what it was doing has an unknown outcome, and a new one is opened. */
  readonly abandon: () => void;
}

interface LaneOptions<S extends LaneSession> {
  /** `onLost` is called when the session ends by itself; more than once, perhaps. */
  readonly openSession: (onLost: () => void) => Promise<S>;
  readonly log: Pick<Logger, 'info' | 'debug'>;
  readonly timers?: Timers;
}

/**
 * Keeps one session that owns a lane. The lane's advisory lock lives in that session, so PostgreSQL
 * gives it to the next writer only when the last transaction of the one before has ended: commits and seq keep one order
 * even over a kill -9. A frozen session keeps its lane; the new one takes another.
 */
export async function openLane<S extends LaneSession>(options: LaneOptions<S>): Promise<Lane<S>> {
  const { timers = systemTimers } = options;
  let open: OpenLane<S> | undefined;
  const stop = new AbortController();
  open = await connect(options, lost);
  let reopening: Promise<void> | undefined;

  function lost(): void {
    open = undefined;
    if (!stop.signal.aborted) reopening ??= reopen().finally(() => (reopening = undefined));
  }

  async function reopen(): Promise<void> {
    while (!stop.signal.aborted && open === undefined) {
      try {
        open = await connect(options, lost);
        options.log.info({ lane: open.lane }, 'the event log writes again');
      } catch (error) {
        options.log.debug({ err: error }, 'the event log has no connection yet');
        await timers.sleep(RECONNECT_MS, stop.signal);
      }
    }
  }

  return {
    current: () => open,
    close: async () => {
      stop.abort();
      await reopening;
      await open?.session.end();
    },
  };
}

async function connect<S extends LaneSession>(
  { openSession }: LaneOptions<S>,
  onLost: () => void,
): Promise<OpenLane<S>> {
  let session: S | undefined;
  let opened = false;
  let lost = false;
  const lose = () => {
    if (lost) return;
    lost = true;
    session?.destroy();
    if (opened) onLost();
  };
  try {
    session = await openSession(lose);
    const lane = await takeLane(session);
    failpoint?.('lane.after-lock');
    const nextSeq = (await session.findHead(lane)) + 1;
    // Its end may come with the last answer; a lane that was dead when it was handed out would be kept for ever.
    if (lost) throw new Error('The connection ended while it was opened.');
    opened = true;
    return { lane, session, nextSeq, abandon: lose };
  } catch (error) {
    lost = true;
    session?.destroy();
    throw toEngineError(error, 'open the event log', false);
  }
}

async function takeLane(session: LaneSession): Promise<number> {
  for (;;) {
    for (const lane of await session.listLanes()) if (await session.tryLock(lane)) return lane;
    await session.addLane();
  }
}
