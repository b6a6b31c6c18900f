import type { Pool } from '../db/pool.ts';
import { createRawRows } from '../engines/postgres/raw-rows.ts';
import { AppError } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { sleep } from '../kit/wait.ts';
import {
  type Aggregator,
  countUntilDry,
  type PipelineState,
  readPipelineState,
  startAggregator,
} from '../pipeline/aggregate/index.ts';
import { type CountedSource, listSources } from '../pipeline/move/index.ts';
import { findRecordLag, type RecorderDeps, recordUntilDry, startRecorder } from '../pipeline/record/index.ts';
import { isLog, type KnownLog, type KnownLogs } from './known-logs.ts';

const LAG_MS = 1_000;
const LOOK_MS = 1_000;

export interface Counting {
  readonly start: () => Aggregator;
  /** Counts what every log holds; returns the events counted here. Rejects where one of them does not answer. */
  readonly untilDry: () => Promise<number>;
  /** `lag_events` of all logs; null where one of them does not answer. */
  readonly readState: () => Promise<CountingState>;
  /** Other logs that events were once counted from and that nobody has left for good: they hold `complete_through` back. */
  readonly listLeft: () => Promise<readonly CountedSource[]>;
}

export interface CountingState extends Omit<PipelineState, 'lag_events'> {
  readonly lag_events: number | null;
}

interface CountingOptions {
  readonly db: Pool;
  readonly logs: KnownLogs;
  readonly logger: Logger;
  /** Where events go now. */
  readonly serving: () => string;
  readonly waits: boolean;
}

interface Source {
  readonly identity: string | undefined;
  readonly address: string;
}

/**
 * Counts PostgreSQL's log, the one that takes events, and every other one that events were once counted out of and that
 * nobody has left: it may hold what came before another was named.
 */
export function createCounting(options: CountingOptions): Counting {
  const { db, logs, logger, serving } = options;
  const counted = { db, log: logs.own, logger };
  const rows = createRawRows(db);
  const recorded = ({ log }: Pick<KnownLog, 'log'>): RecorderDeps => ({ db, log, rows, logger });

  /** Those that can be reached by what is known of them. */
  async function listReadable(): Promise<Source[]> {
    const current = logs.find(serving());
    const identity = current?.kafka?.current()?.identity;
    const known = (await listSources(db)).filter(hasAddress);
    const others = known
      .filter(({ source, address }) => source !== identity && address !== serving())
      .map(({ source, address }) => ({ identity: source, address }));
    return current?.kafka ? [{ identity, address: serving() }, ...others] : others;
  }

  async function openSource({ identity, address }: Source, waits: boolean): Promise<KnownLog> {
    const known = await logs.open(address, 'counts', waits);
    if (!known.kafka?.current() && !waits) throw unread(identity ?? address);
    if (identity !== undefined && known.kafka?.current()) isLog(known, identity);
    return known;
  }

  async function findLag(source: Source): Promise<number | undefined> {
    try {
      const known = logs.find(source.address);
      if (!known?.kafka?.current()) return undefined;
      return await withLimit(findRecordLag(recorded({ log: known.kafka.log })), LAG_MS);
    } catch {
      // Whoever counts says what is wrong with it.
      return undefined;
    }
  }

  return {
    start: () => {
      const aggregator = startAggregator(counted);
      const others = startSources({
        listReadable,
        openSource,
        start: (log) => startRecorder(recorded({ log })),
        logger,
      });
      return {
        close: async () => {
          await Promise.all([aggregator.close(), others.close()]);
        },
      };
    },
    untilDry: async () => {
      let events = 0;
      for (const source of await listReadable()) {
        const { kafka } = await openSource(source, options.waits);
        events += await recordUntilDry(recorded({ log: kafka!.log }));
      }
      return events + (await countUntilDry(counted));
    },
    readState: async () => {
      const sources = await listReadable();
      // A server asks again soon; a command has but one answer to give.
      const opening = sources.map((source) => openSource(source, options.waits).catch(() => undefined));
      if (!options.waits) await Promise.all(opening);
      const [state, ...lags] = await Promise.all([
        readPipelineState(db, logs.own.identity),
        ...sources.map(findLag),
      ]);
      const lag = lags.reduce<number | undefined>(
        (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
        state.lag_events,
      );
      return { ...state, lag_events: lag ?? null };
    },
    listLeft: async () => {
      const current = logs.find(serving());
      const identity = current?.kafka ? current.kafka.current()?.identity : logs.own.identity;
      // Until Kafka answers, nobody knows which of them it is.
      if (identity === undefined) return [];
      return (await listSources(db)).filter(({ source }) => source !== identity);
    },
  };
}

const hasAddress = (one: CountedSource): one is CountedSource & { readonly address: string } =>
  one.address !== null;

interface SourcesOptions {
  readonly listReadable: () => Promise<Source[]>;
  readonly openSource: (source: Source, waits: boolean) => Promise<KnownLog>;
  readonly start: (log: KnownLog['log']) => Aggregator;
  readonly logger: Logger;
}

/** Looks every second which logs are to be read: one may come, or be left, while servers run. */
function startSources({ listReadable, openSource, start, logger }: SourcesOptions): Aggregator {
  const stop = new AbortController();
  const { signal } = stop;
  const running = new Map<
    string,
    { readonly log: KnownLog['log']; readonly aggregator: Promise<Aggregator | undefined> }
  >();
  const told = new Set<string>();

  async function run(source: Source): Promise<void> {
    const { kafka } = await openSource(source, true);
    if (!kafka || signal.aborted || running.get(source.address)?.log === kafka.log) return;
    const before = running.get(source.address);
    const aggregator = kafka.opened.then(() => (signal.aborted ? undefined : start(kafka.log)));
    running.set(source.address, { log: kafka.log, aggregator });
    // Never resolves where Kafka never answers.
    if (before) await closeOne(before.aggregator);
  }

  async function look(): Promise<void> {
    const sources = await listReadable();
    for (const source of sources) {
      try {
        await run(source);
        told.delete(source.address);
      } catch (error) {
        if (!told.has(source.address))
          logger.warn({ err: error, log: source.address }, 'a log cannot be read');
        told.add(source.address);
      }
    }
    for (const [address, { aggregator }] of running) {
      if (sources.some((one) => one.address === address)) continue;
      running.delete(address);
      await closeOne(aggregator);
    }
  }

  const looking = (async () => {
    while (!signal.aborted) {
      // The database is away: what is read already goes on by itself.
      await look().catch(() => undefined);
      await sleep(LOOK_MS, signal);
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await looking;
      await Promise.all([...running.values()].map(({ aggregator }) => closeOne(aggregator)));
    },
  };
}

async function closeOne(aggregator: Promise<Aggregator | undefined>): Promise<void> {
  const started = await Promise.race([aggregator, Promise.resolve(undefined)]);
  await started?.close();
}

function unread(identity: string): AppError {
  return new AppError(
    'unavailable',
    `${identity} still belongs to the numbers and cannot be read. See that it runs; if nothing is left in it: npx weir leave-log ${identity}`,
  );
}

/** Of a request's time: an answer about the lag is worth less. */
async function withLimit<T>(work: Promise<T>, ms: number): Promise<T> {
  const limit = new AbortController();
  const late = sleep(ms, limit.signal).then(() => {
    throw new Error('Kafka did not answer in time.');
  });
  late.catch(() => undefined);
  return Promise.race([work, late]).finally(() => limit.abort());
}
