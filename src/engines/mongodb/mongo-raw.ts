import type { Logger } from '../../kit/logger.ts';
import type { RawRecording, RawStore } from '../../ports/raw-store.ts';
import { loadMongo, openMongoConnection } from './mongo-client.ts';
import { createMongoDays } from './mongo-days.ts';
import { createMongoReads } from './mongo-reads.ts';
import { createMongoRecording } from './mongo-recording.ts';

/** A request has 2.5 s for all it does, and may have to turn to the log's rows afterwards. */
const READ_LIMIT_MS = 1_200;
/** A batch that waits for a majority's journal under load; a stop of the process may have to wait as long. */
const RECORD_LIMIT_MS = 5_000;
/** Counting a day's collection looks at each of its documents. */
const CHECK_LIMIT_MS = 600_000;

export interface MongoRaw extends RawStore {
  readonly recording: RawRecording;
  readonly close: () => Promise<void>;
}

/** Three clients, since a driver's time limit is one for all that a client does. None connects before its first call. */
export async function openMongoRaw({ url, log }: { url: string; log: Logger }): Promise<MongoRaw> {
  const driver = await loadMongo();
  const open = (maxPoolSize: number, limitMs: number) =>
    openMongoConnection({ driver, url, maxPoolSize, limitMs, log });
  const reading = open(10, READ_LIMIT_MS);
  const recording = open(4, RECORD_LIMIT_MS);
  const checking = open(2, CHECK_LIMIT_MS);
  return {
    ...createMongoReads({ driver, connection: reading, days: createMongoDays(reading.db) }),
    recording: createMongoRecording({
      driver,
      connection: recording,
      days: createMongoDays(recording.db),
      checking,
      checkingDays: createMongoDays(checking.db),
    }),
    close: async () => {
      await Promise.all([reading, recording, checking].map((one) => one.close()));
    },
  };
}
