import { randomBytes } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';

const server = process.env.TEST_MONGODB_URL;
const required = /\b(all|mongodb)\b/.test(process.env.REQUIRE_ENGINES ?? '');

/** Why a test that needs a real MongoDB is skipped, or false. With REQUIRE_ENGINES it is not skipped, and fails. */
export const withoutMongo: false | string =
  server || required
    ? false
    : 'no MongoDB: start one (a replica set, of one member at least) and set TEST_MONGODB_URL=mongodb://host:port';

export interface TestMongo {
  readonly db: Db;
  readonly url: string;
  /** From now on the day's collection refuses events of this subject, as any engine may refuse a row. */
  readonly refuse: (day: number, subjectId: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A database of its own on the server that TEST_MONGODB_URL names. */
export async function openTestMongo(): Promise<TestMongo> {
  if (!server)
    throw new Error('TEST_MONGODB_URL is not set: start a MongoDB, and set it to mongodb://host:port.');
  const url = new URL(server);
  url.pathname = `/weir_test_${randomBytes(6).toString('hex')}`;
  const client = await new MongoClient(url.href).connect();
  const db = client.db();
  return {
    db,
    url: url.href,
    refuse: async (day, subjectId) => {
      const date = new Date(day * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
      await db.command({ collMod: `events_${date}`, validator: { subject_id: { $ne: subjectId } } });
    },
    close: async () => {
      await db.dropDatabase();
      await client.close();
    },
  };
}

/** All that a raw store hands over chunk by chunk. */
export async function collect<T>(chunks: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of chunks) all.push(...chunk);
  return all;
}
