import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from '../kit/logger.ts';
import type { Db } from './pool.ts';

const BEAT_MS = 5_000;
/** So long unheard of, a process counts as gone. */
const GONE = `interval '30 seconds'`;

interface PresenceOptions {
  readonly roles: readonly string[];
  readonly version: string;
  readonly logger: Logger;
}

/** Tells the database every few seconds which roles this process serves, until closed. */
export function startPresence(db: Db, { roles, version, logger }: PresenceOptions) {
  const id = randomUUID();
  const name = `${hostname()}:${process.pid}`;
  let beating: Promise<void> | undefined;
  const beat = async () => {
    await db.query(
      `with gone as (delete from processes where seen_at < clock_timestamp() - 10 * ${GONE})
       insert into processes (id, name, roles, version) values ($1, $2, $3, $4)
       on conflict (id) do update set seen_at = clock_timestamp()`,
      [id, name, roles, version],
      'beat',
    );
  };
  const tick = () => {
    beating ??= beat()
      .catch((error: unknown) => logger.debug({ err: error }, 'this process could not tell that it serves'))
      .finally(() => {
        beating = undefined;
      });
  };
  tick();
  const timer = setInterval(tick, BEAT_MS);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await beating;
      await db.query('delete from processes where id = $1', [id]).catch(() => {
        // With the database away the row falls silent.
      });
    },
  };
}

export interface PresentProcess {
  readonly name: string;
  readonly roles: readonly string[];
  readonly version: string;
  readonly started_at: Date;
}

/** Those that were heard of lately. */
export function listProcesses(db: Db): Promise<PresentProcess[]> {
  return db.query<PresentProcess>(
    `select name, roles, version, started_at from processes where seen_at >= clock_timestamp() - ${GONE} order by name`,
  );
}
