import { randomBytes } from 'node:crypto';
import type { Db } from './pool.ts';

/** All but the first two are of the installation (day 0) and kept for ever. */
export type SecretPurpose =
  | 'actor_salt'
  | 'address_key'
  | 'address_hash'
  | 'visitor_key'
  | 'device_key'
  | 'vapid_key'
  | 'mail_key';

const SECRET_BYTES = 32;

export interface DaySecrets {
  /** The secret of a day, made by the first who asks, the same for everyone after. */
  readonly get: (purpose: SecretPurpose, day: number) => Promise<Buffer>;
  /** As `get`, without waiting: undefined where this process has not read it yet. */
  readonly peek: (purpose: SecretPurpose, day: number) => Buffer | undefined;
  /** The secrets of these days that are still there, as the database has them now. Makes none. */
  readonly find: (purpose: SecretPurpose, days: readonly number[]) => Promise<ReadonlyMap<number, Buffer>>;
  /** Destroys what is past its days: salts after 8, address keys after 30. What they sealed can't be read again. */
  readonly destroyOld: (today: number) => Promise<void>;
}

export function createDaySecrets(db: Db): DaySecrets {
  const known = new Map<string, Buffer>();
  const key = (purpose: SecretPurpose, day: number) => `${purpose}:${day}`;

  return {
    peek: (purpose, day) => known.get(key(purpose, day)),
    get: async (purpose, day) => {
      const cached = known.get(key(purpose, day));
      if (cached) return cached;
      await db.query(
        'insert into day_secrets (purpose, day, secret) values ($1, $2, $3) on conflict do nothing',
        [purpose, day, randomBytes(SECRET_BYTES)],
      );
      const [row] = await db.query<{ secret: Buffer }>(
        'select secret from day_secrets where purpose = $1 and day = $2',
        [purpose, day],
      );
      if (!row) throw new Error(`The secret ${purpose} of day ${day} was destroyed while it was read.`);
      known.set(key(purpose, day), row.secret);
      return row.secret;
    },
    find: async (purpose, days) => {
      const rows = await db.query<{ day: number; secret: Buffer }>(
        'select day, secret from day_secrets where purpose = $1 and day = any($2::int[])',
        [purpose, days],
      );
      return new Map(rows.map((row) => [row.day, row.secret]));
    },
    destroyOld: async (today) => {
      await db.query(
        `delete from day_secrets where (purpose = 'actor_salt' and day < $1) or (purpose = 'address_key' and day < $2)`,
        [today - 8, today - 30],
      );
      known.clear();
    },
  };
}
