import type { Config } from '../config.ts';
import type { Db } from '../db/pool.ts';
import type { Logger } from '../kit/logger.ts';
import { sleep } from '../kit/wait.ts';
import { findFirstMove, isOpen, type Move, noteAddress, servingAddress } from '../pipeline/move/index.ts';
import type { RawRecorder } from '../pipeline/raw-recorder/index.ts';
import type { RawStore } from '../ports/raw-store.ts';
import { openRawStores, type RawStores, type Recorder } from '../raw-stores.ts';
import { isSamePlace, OWN, ownMongodb, toMongodbAccess } from './engine-address.ts';

const LOOK_MS = 500;

interface MovingRawOptions {
  readonly config: Config;
  readonly db: Db;
  readonly logger: Logger;
  /** False for a command: what is moved while it runs is of no matter to it. */
  readonly follows: boolean;
}

/** The raw store that is read, which may become another one while servers run, and every one that is filled. */
export interface MovingRaw {
  /** Asks the store that is read now. */
  readonly raw: RawStore;
  /** What fills the store that is read; undefined where the log's own rows are it. */
  readonly recorder: () => Recorder | undefined;
  /** Fills every store that is to be filled: while a move is under way, both. */
  readonly start: () => RawRecorder;
  readonly placement: RawPlacement;
  readonly close: () => Promise<void>;
}

/** Which store is read, and what can be done about it. Addresses hold no credentials. */
export interface RawPlacement {
  readonly serving: () => string;
  /** What the environment says; another one than `serving` where the store was moved. */
  readonly configured: string;
  /** The store at an address, opened once; it need not answer yet. */
  readonly open: (address: string) => Promise<RawStores>;
  /** Asks a store which one it is, so that others know it by its address. Rejects where it does not answer. */
  readonly identify: (address: string) => Promise<string>;
}

export async function openMovingRaw(options: MovingRawOptions): Promise<MovingRaw> {
  const { config, db, logger } = options;
  const configured = ownMongodb(config);
  const stores = new Map<string, Promise<RawStores>>();
  const identities = new Map<string, string>();
  const stop = new AbortController();

  function open(address: string): Promise<RawStores> {
    let opened = stores.get(address);
    if (opened) return opened;
    const mongodbUrl = address === OWN ? undefined : toMongodbAccess(address, config);
    opened = openRawStores({
      config: { ...config, mongodbUrl },
      db,
      logger,
      lastIdentity: () => identities.get(address),
    });
    stores.set(address, opened);
    opened.catch(() => stores.delete(address));
    return opened;
  }

  async function identify(address: string): Promise<string> {
    const { recorder } = await open(address);
    if (!recorder) return OWN;
    const identity = await recorder.store.identity();
    if (identities.get(address) !== identity) await noteAddress(db, identity, address);
    identities.set(address, identity);
    return identity;
  }

  async function read() {
    const move = await findFirstMove(db, 'raw-store');
    const serving = move ? servingAddress(move) : configured;
    return { serving, current: await open(serving), filled: listFilled(move, serving) };
  }

  let state = await read();
  if (options.follows && !isSamePlace(state.serving, configured))
    logger.warn(
      { serving: state.serving, configured },
      'the raw store was moved; the environment names another one: see weir doctor',
    );
  const looking = options.follows ? look() : Promise.resolve();

  async function look(): Promise<void> {
    for (;;) {
      await Promise.all(state.filled.map((address) => identify(address).catch(() => undefined)));
      await sleep(LOOK_MS, stop.signal);
      if (stop.signal.aborted) return;
      const before = state.serving;
      try {
        state = await read();
        if (state.serving !== before)
          logger.info(
            { from: before, to: state.serving },
            'raw events are read from another store from now on',
          );
      } catch (error) {
        logger.debug({ err: error }, 'nobody says which raw store is read');
      }
    }
  }

  return {
    raw: {
      get recording() {
        return state.current.raw.recording;
      },
      listEvents: (...filter) => state.current.raw.listEvents(...filter),
      listActors: (...range) => state.current.raw.listActors(...range),
      countMemberClickers: (since) => state.current.raw.countMemberClickers(since),
    },
    recorder: () => state.current.recorder,
    start: () => startFilling({ listFilled: () => state.filled, open, logger }),
    placement: { serving: () => state.serving, configured, open, identify },
    close: async () => {
      stop.abort();
      await looking;
      for (const opened of stores.values()) await (await opened).close();
    },
  };
}

/** Both stores of a move are filled until it is finished: the way back is as whole as the way on. */
function listFilled(move: Move | undefined, serving: string): string[] {
  const both = move && isOpen(move) ? [move.source, move.target] : [serving];
  return [...new Set(both)].filter((address) => address !== OWN);
}

interface FillingOptions {
  readonly listFilled: () => readonly string[];
  readonly open: (address: string) => Promise<RawStores>;
  readonly logger: Logger;
}

function startFilling({ listFilled, open, logger }: FillingOptions): RawRecorder {
  const stop = new AbortController();
  const running = new Map<string, RawRecorder>();

  async function look(): Promise<void> {
    const filled = listFilled();
    for (const address of filled) {
      if (running.has(address)) continue;
      const { recorder } = await open(address);
      if (recorder) running.set(address, recorder.start());
    }
    for (const [address, recorder] of running) {
      if (filled.includes(address)) continue;
      running.delete(address);
      await recorder.close();
    }
  }

  const looking = (async () => {
    while (!stop.signal.aborted) {
      await look().catch((error: unknown) => logger.warn({ err: error }, 'a raw store cannot be filled'));
      await sleep(LOOK_MS, stop.signal);
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await looking;
      await Promise.all([...running.values()].map((one) => one.close()));
    },
  };
}
