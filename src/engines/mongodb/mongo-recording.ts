import type * as Mongo from 'mongodb';
import { UNDATED } from '../../events/event-id.ts';
import type { PositionedEvent } from '../../ports/event-log.ts';
import type { LogPlace, RawMismatch, RawRecording, RefusedEvent } from '../../ports/raw-store.ts';
import type { MongoConnection } from './mongo-client.ts';
import type { MongoDays } from './mongo-days.ts';
import { type EventDocument, toDocument } from './mongo-documents.ts';
import { createMongoRecounts } from './mongo-recounts.ts';

const DUPLICATE_KEY = 11_000;
/** The document itself is what the server refuses: bad value, failed to parse, type, too long a key, validator, too large. */
const DATA_CODES = new Set([2, 9, 14, 22, 121, 10_334, 17_280, 17_419]);
const DROP_AT_ONCE = 10_000;

interface RecordingDeps {
  readonly driver: typeof Mongo;
  /** For the recorder. */
  readonly connection: MongoConnection;
  readonly days: MongoDays;
  /** For what may take minutes. */
  readonly checking: MongoConnection;
  readonly checkingDays: MongoDays;
}

export function createMongoRecording(deps: RecordingDeps): RawRecording {
  const { connection, checking, days, checkingDays } = deps;
  let identity: string | undefined;
  return {
    identity: () =>
      connection.call('identity', async () => {
        const found = await findIdentity(deps);
        if (found !== identity) days.forget();
        identity = found;
        return found;
      }),
    record: (at, events) => connection.call('record', () => record(deps, at, events)),
    check: (at, events) => checking.call('check', () => check(deps, at, events)),
    listDays: () => checking.call('listDays', checkingDays.listDays),
    ...createMongoRecounts({ driver: deps.driver, connection: checking, days: checkingDays }),
    dropDay: (day) => checking.call('dropDay', () => days.drop(day)),
    dropUndated: (before) =>
      checking.call('dropUndated', () => dropUndated(checkingDays.collection(UNDATED), before)),
    version: () =>
      connection.call('version', async () => String((await connection.db.admin().serverInfo()).version)),
  };
}

/** Made once, with the store itself. */
async function findIdentity({ driver, connection }: RecordingDeps): Promise<string> {
  const stores = connection.db.collection<{ _id: string; identity: Mongo.UUID }>('weir_store');
  const store = await stores.findOneAndUpdate(
    { _id: 'store' },
    { $setOnInsert: { identity: new driver.UUID(), made_at: new Date() } },
    { upsert: true, returnDocument: 'after' },
  );
  return store!.identity.toString();
}

async function record(
  deps: RecordingDeps,
  at: LogPlace,
  events: readonly PositionedEvent[],
): Promise<RefusedEvent[]> {
  const refused: RefusedEvent[] = [];
  const rows = events.flatMap((one) => {
    try {
      return [{ one, document: toDocument(deps.driver, at, one) }];
    } catch (error) {
      refused.push({ ...one, reason: (error as Error).message });
      return [];
    }
  });
  const byDay = Map.groupBy(rows, ({ one }) => one.event.day);
  const inserted = await Promise.all([...byDay].map(([day, ofDay]) => insertDay(deps, day, ofDay)));
  return [...refused, ...inserted.flat()];
}

interface Row {
  readonly one: PositionedEvent;
  readonly document: EventDocument;
}

/** Unordered, so that one refused row keeps no other back. A duplicate key is what an earlier try left: success. */
async function insertDay(
  { driver, days }: RecordingDeps,
  day: number,
  rows: readonly Row[],
): Promise<RefusedEvent[]> {
  const instants = rows.map(({ one }) => one.event.occurredAt);
  await days.ensure(day, Math.min(...instants), Math.max(...instants));
  try {
    await days.collection(day).insertMany(
      rows.map(({ document }) => document),
      { ordered: false },
    );
    return [];
  } catch (error) {
    // Without the majority's journal nothing is recorded, whatever became of the single rows.
    if (!(error instanceof driver.MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
    const all = [error.writeErrors].flat();
    // The driver dresses a lost connection as such an error too, with no word on any row.
    if (error.insertedCount + all.length !== rows.length) throw error;
    const errors = all.filter(({ code }) => code !== DUPLICATE_KEY);
    // A full disk or a primary that stepped down is no fault of the row.
    if (!errors.every(({ code }) => DATA_CODES.has(Number(code)))) throw error;
    return errors.map(({ index, errmsg, code }) => ({
      ...rows[index]!.one,
      reason: errmsg ?? `MongoDB refused it with code ${code}`,
    }));
  }
}

/** Byte for byte: a document that somebody touched is not the one that the log's event makes. */
async function check(
  { driver, checkingDays }: RecordingDeps,
  at: LogPlace,
  events: readonly PositionedEvent[],
): Promise<RawMismatch[]> {
  const mismatches: RawMismatch[] = [];
  for (const [day, ofDay] of Map.groupBy(events, ({ event }) => event.day)) {
    const ids = ofDay.map(({ event }) => new driver.UUID(event.id));
    const found = await checkingDays
      .collection(day)
      .find({ _id: { $in: ids } })
      .toArray();
    const byId = new Map(found.map((document) => [document._id.toString(), document]));
    for (const one of ofDay) {
      const document = byId.get(one.event.id);
      const problem = document ? compare(driver, document, toDocument(driver, at, one)) : 'missing';
      if (problem) mismatches.push({ eventId: one.event.id, day, problem });
    }
  }
  return mismatches;
}

function compare(
  { BSON }: typeof Mongo,
  kept: EventDocument,
  logged: EventDocument,
): 'altered' | 'earlier' | undefined {
  if (Buffer.compare(BSON.serialize(kept), BSON.serialize(logged)) === 0) return undefined;
  const samePlace = kept.log === logged.log && kept.partition === logged.partition;
  return samePlace && kept.position < logged.position ? 'earlier' : 'altered';
}

async function dropUndated(collection: Mongo.Collection<EventDocument>, before: Date): Promise<void> {
  for (;;) {
    const old = await collection
      .find({ received_at: { $lt: before } }, { projection: { _id: 1 } })
      .sort({ received_at: 1 })
      .limit(DROP_AT_ONCE)
      .toArray();
    if (old.length > 0) await collection.deleteMany({ _id: { $in: old.map(({ _id }) => _id) } });
    if (old.length < DROP_AT_ONCE) return;
  }
}
