import type * as Mongo from 'mongodb';
import { AppError, EngineError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { explainMongoRefusal } from './mongo-refusal.ts';

type MongoPackage = typeof Mongo;

const CONNECT_MS = 1_000;
/** For a server that is fit, and for a free connection to it. */
const SELECT_MS = 1_000;
const HEARTBEAT_MS = 2_000;
const CLOSE_MS = 1_000;
/** The database where the URL names none. */
const DEFAULT_DATABASE = 'weir';

export interface MongoConnection {
  readonly db: Mongo.Db;
  /** Runs work on the engine; whatever it throws, or a limit that passed, becomes an EngineError. */
  readonly call: <T>(operation: string, work: () => Promise<T>) => Promise<T>;
  /** What a cursor gives, chunk by chunk as it is asked for; each chunk has the limit of a call. */
  readonly chunks: <T>(
    operation: string,
    open: () => Mongo.AbstractCursor<T>,
  ) => AsyncGenerator<readonly T[]>;
  readonly close: () => Promise<void>;
}

export interface MongoConnectionOptions {
  readonly driver: MongoPackage;
  readonly url: string;
  readonly maxPoolSize: number;
  /** Of a call as a whole, its second try included. */
  readonly limitMs: number;
  readonly log: Logger;
}

/** Loads the driver's package, which only those who use MongoDB need. */
export async function loadMongo(): Promise<MongoPackage> {
  try {
    return await import('mongodb');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new AppError(
      'conflict',
      'MONGODB_URL is set, but the package mongodb is not installed. Install it: npm install mongodb@7.9',
      { cause: error },
    );
  }
}

/**
 * Connects at the first call, not before: a server starts, and keeps events, while MongoDB is down. Written means on a
 * majority's journal. Behind a frozen server the driver needs both limits, of the socket and of connecting; its `timeoutMS`
 * does nothing there. Its own second try may take as long again, so the call as a whole has a limit too.
 */
export function openMongoConnection(options: MongoConnectionOptions): MongoConnection {
  const { driver, limitMs, log } = options;
  const client = new driver.MongoClient(options.url, {
    appName: 'weir',
    maxPoolSize: options.maxPoolSize,
    connectTimeoutMS: CONNECT_MS,
    socketTimeoutMS: limitMs,
    serverSelectionTimeoutMS: SELECT_MS,
    waitQueueTimeoutMS: SELECT_MS,
    heartbeatFrequencyMS: HEARTBEAT_MS,
    writeConcern: { w: 'majority', journal: true },
    readConcernLevel: 'majority',
    readPreference: 'primary',
  });
  client.on('serverHeartbeatFailed', ({ connectionId, failure }) =>
    log.debug({ server: connectionId, err: failure }, 'MongoDB does not answer'),
  );
  let connected = false;
  let connecting: Promise<unknown> | undefined;
  /** The driver connects by itself only once: a client that failed then would stay closed for ever. */
  const ready = async () => {
    if (connected) return;
    connecting ??= client.connect().finally(() => {
      connecting = undefined;
    });
    await connecting;
    connected = true;
  };
  const call: MongoConnection['call'] = async (operation, work) => {
    try {
      return await withLimit(ready().then(work), limitMs);
    } catch (error) {
      throw toMongoError(driver, error, operation);
    }
  };
  return {
    db: client.db(/^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(options.url)?.[1] ?? DEFAULT_DATABASE),
    call,
    chunks: async function* (operation, open) {
      const cursor = open();
      try {
        while (await call(operation, () => cursor.hasNext())) yield cursor.readBufferedDocuments();
      } finally {
        // One that is behind a server which does not answer ends with its connection.
        await withLimit(cursor.close(), CLOSE_MS).catch(() => undefined);
      }
    },
    // What a frozen server does not let go ends with the process.
    close: () => withLimit(client.close(true), CLOSE_MS).catch(() => undefined),
  };
}

function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LimitPassed(`no answer within ${limitMs} ms`)), limitMs);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

class LimitPassed extends Error {
  override readonly name = 'LimitPassed';
}

/** What the driver throws is trouble of the engine, unless it says that we used it wrongly. */
function toMongoError(driver: MongoPackage, error: unknown, operation: string): unknown {
  const isTrouble = error instanceof driver.MongoError || error instanceof LimitPassed;
  if (!isTrouble || error instanceof driver.MongoAPIError) return error;
  const refusal = explainMongoRefusal(error);
  return new EngineError({
    engine: 'mongodb',
    operation,
    retryable: true,
    mayHaveHappened: true,
    cause: refusal === undefined ? error : new Error(refusal, { cause: error }),
  });
}
