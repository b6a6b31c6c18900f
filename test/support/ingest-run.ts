import { createDaySecrets } from '../../src/db/day-secrets.ts';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import type { Clock } from '../../src/kit/clock.ts';
import {
  createIngest,
  type EventSender,
  type FindSubject,
  type Ingest,
} from '../../src/pipeline/ingest/index.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { type TestDatabase, testLog } from './database.ts';
import { BROWSER } from './weir.ts';

export interface Writer {
  readonly ingest: Ingest;
  readonly log: EventLog;
}

/** One accepting process without its HTTP: the real door on the real log, on a lane of its own. */
export async function openWriter(
  database: TestDatabase,
  clock: Clock,
  findSubject: FindSubject = () => true,
): Promise<Writer> {
  const { db, url } = database;
  const log = await openPostgresLog({ db, directUrl: url, clock, log: testLog, writes: true });
  const ingest = createIngest(
    { log, findSubject, secrets: createDaySecrets(db), clock },
    { retentionDays: 90, refuseFloods: true },
  );
  return { ingest, log };
}

/** A visitor with a browser, each from an address of its own. */
export function buildSender(visitor = 1, parts: Partial<EventSender> = {}): EventSender {
  const ip = `203.0.${(visitor >> 8) & 255}.${visitor & 255}`;
  return { memberActor: undefined, ip, userAgent: BROWSER, prefetch: false, source: 'api', ...parts };
}

/** A clock that a test moves by hand; its monotonic side is the real one unless it is moved as well. */
export function createTestClock(
  start: number,
): Clock & { set: (now: number) => void; advance: (ms: number) => void } {
  let now = start;
  let ahead = 0;
  return {
    now: () => now,
    monotonicMs: () => performance.now() + ahead,
    /** Steps the wall clock alone. */
    set: (at) => {
      now = at;
    },
    /** Lets time pass on both. */
    advance: (ms) => {
      now += ms;
      ahead += ms;
    },
  };
}
