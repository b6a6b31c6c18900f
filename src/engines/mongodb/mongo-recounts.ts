import type * as Mongo from 'mongodb';
import { EVENT_TYPES, SUBJECT_KINDS } from '../../events/event.ts';
import {
  type ActorQuarter,
  BLOCK_ROWS,
  type LogEnd,
  type MinuteSums,
  type RawRecording,
  type RowBlock,
  type RowsToCount,
  type RowsToDigest,
  type SubjectMinute,
} from '../../ports/raw-store.ts';
import type { MongoConnection } from './mongo-client.ts';
import type { MongoDays } from './mongo-days.ts';

interface RecountDeps {
  readonly driver: Pick<typeof Mongo, 'UUID' | 'Long'>;
  /** For what may take minutes. */
  readonly connection: MongoConnection;
  readonly days: MongoDays;
}

type Recounts = Pick<
  RawRecording,
  'countDay' | 'countMinutes' | 'listDaysOf' | 'sumMinutes' | 'listActorQuarters' | 'digestBlocks' | 'listIds'
>;

const CODES = { type: Object.values(EVENT_TYPES), subject_kind: Object.values(SUBJECT_KINDS) };
const MINUTE = { $dateTrunc: { date: '$occurred_at', unit: 'minute' } };
const QUARTER = { $dateTrunc: { date: '$occurred_at', unit: 'minute', binSize: 15 } };
const IS_INVALID = { $cond: [{ $eq: ['$rule', 0] }, 0, 1] };
/** Which bit of `seen`; MongoDB 6.0 cannot join bits, so it hands over which there were. */
const DEED = { $add: [{ $subtract: ['$type', 1] }, { $multiply: [3, IS_INVALID] }] };
const countOf = (type: number) => ({ $sum: { $cond: [{ $eq: ['$type', type] }, 1, 0] } });

/** What a recount is made of, summed up by the server over whole days; what it cannot hold in memory lies on its disk. */
export function createMongoRecounts(deps: RecountDeps): Recounts {
  const { connection, days, driver } = deps;
  const aggregate = <T extends Mongo.Document>(operation: string, day: number, pipeline: Mongo.Document[]) =>
    connection.chunks(operation, () => days.collection(day).aggregate<T>(pipeline, { allowDiskUse: true }));
  return {
    countDay: (day, ends) =>
      connection.call('countDay', () => days.collection(day).countDocuments(within(ends))),
    countMinutes: async function* (day, ends) {
      const group = { kind: '$subject_kind', subject: '$subject_id', minute: MINUTE };
      const pipeline = [{ $match: within(ends) }, { $group: { _id: group, count: { $sum: 1 } } }];
      for await (const rows of aggregate<CountedMinute>('countMinutes', day, pipeline))
        yield* rows.map(toSubjectMinute);
    },
    listDaysOf: async (from, to) => {
      const ranges = await connection.call('listDaysOf', days.listRanges);
      return ranges.filter(({ first_at, last_at }) => first_at < to && last_at > from).map(({ _id }) => _id);
    },
    sumMinutes: async function* (rows) {
      const pipeline = [{ $match: toMatch(deps, rows) }, SUMS];
      for await (const found of aggregate<SummedMinute>('sumMinutes', rows.day, pipeline))
        yield found.filter(isOfSubject).map(toMinuteSums);
    },
    listActorQuarters: async function* (rows) {
      const match = { ...toMatch(deps, rows), actor: { $type: 'binData' } };
      const pipeline = [{ $match: match }, SETS];
      for await (const found of aggregate<SeenQuarter>('listActorQuarters', rows.day, pipeline))
        yield found.filter(isOfSubject).map(toActorQuarter);
    },
    digestBlocks: async function* (rows) {
      const pipeline = [{ $match: toDigestMatch(deps, rows) }, digests(driver)];
      for await (const found of aggregate<DigestedBlock>('digestBlocks', rows.day, pipeline))
        yield found.map(toRowBlock);
    },
    listIds: async (day, { log, partition, block }) => {
      const position = { $gt: block * BLOCK_ROWS, $lte: (block + 1) * BLOCK_ROWS };
      const rows = await connection.call('listIds', () =>
        days
          .collection(day)
          .find({ log, partition, position }, { projection: { _id: 1 } })
          .toArray(),
      );
      return rows.map(({ _id }) => String(_id));
    },
  };
}

/** Without what was recorded behind these ends. */
function within(ends: readonly LogEnd[]): Mongo.Document {
  if (ends.length === 0) return {};
  return {
    $nor: ends.map(({ log, partition, position }) => ({ log, partition, position: { $gt: position } })),
  };
}

function toMatch({ driver }: RecountDeps, rows: RowsToCount): Mongo.Document {
  const { from, to, ends, without, firstUndated } = rows;
  return {
    occurred_at: { $gte: from, $lt: to },
    type: { $in: CODES.type },
    subject_kind: { $in: CODES.subject_kind },
    ...(without.length > 0 && { _id: { $nin: without.map((id) => new driver.UUID(id)) } }),
    $and: [within(ends), since({ driver }, firstUndated)],
  };
}

function toDigestMatch({ driver }: RecountDeps, rows: RowsToDigest): Mongo.Document {
  const { ends, receivedFrom, receivedTo, firstUndated } = rows;
  const received = { ...(receivedFrom && { $gte: receivedFrom }), ...(receivedTo && { $lt: receivedTo }) };
  return {
    ...((receivedFrom || receivedTo) && { received_at: received }),
    $and: [within(ends), since({ driver }, firstUndated)],
  };
}

/** Not what the log has given up already. A row whose time of receipt is none is not such a one. */
function since({ driver }: Pick<RecountDeps, 'driver'>, first: RowsToCount['firstUndated']): Mongo.Document {
  if (!first) return {};
  return {
    $nor: [
      { received_at: { $lt: first.receivedAt } },
      { received_at: first.receivedAt, _id: { $lt: new driver.UUID(first.eventId) } },
    ],
  };
}

interface OfSubject {
  readonly kind: number;
  readonly subject: unknown;
  readonly bucket: Date;
}
interface SummedMinute extends Pick<MinuteSums, 'views' | 'true_views' | 'clicks'> {
  readonly _id: OfSubject & { readonly traffic: number };
}
interface SeenQuarter {
  readonly _id: OfSubject & { readonly actor: Mongo.UUID };
  readonly deeds: readonly number[];
}
interface CountedMinute {
  readonly _id: { readonly kind: number; readonly subject: number; readonly minute: Date };
  readonly count: number;
}

const SUMS = {
  $group: {
    _id: { kind: '$subject_kind', subject: '$subject_id', bucket: MINUTE, traffic: IS_INVALID },
    views: countOf(EVENT_TYPES.view),
    true_views: countOf(EVENT_TYPES.true_view),
    clicks: countOf(EVENT_TYPES.click),
  },
};
const SETS = {
  $group: {
    _id: { kind: '$subject_kind', subject: '$subject_id', bucket: QUARTER, actor: '$actor' },
    deeds: { $addToSet: DEED },
  },
};

/** What was put there by hand may be about no subject that there can be: no number can hold it. */
const isOfSubject = ({ _id }: { readonly _id: OfSubject }) => Number.isSafeInteger(_id.subject);

const toKey = ({ kind, subject, bucket }: OfSubject) => ({
  subject_kind: kind,
  subject_id: Number(subject),
  bucket_at: bucket,
});

function toMinuteSums({ _id, views, true_views, clicks }: SummedMinute): MinuteSums {
  return { ...toKey(_id), traffic: _id.traffic, views, true_views, clicks };
}

function toActorQuarter({ _id, deeds }: SeenQuarter): ActorQuarter {
  const seen = deeds.reduce((bits, deed) => bits | (1 << deed), 0);
  return { ...toKey(_id), actor: _id.actor.toString(), seen };
}

function toSubjectMinute({ _id, count }: CountedMinute): SubjectMinute {
  return { subject_kind: _id.kind, subject_id: _id.subject, minute_at: _id.minute, count };
}

interface DigestedBlock {
  readonly _id: { readonly log: unknown; readonly partition: unknown; readonly block: number };
  readonly rows: number;
  readonly digest: number;
}

/** By the hash of hashed indexes, which cannot change without breaking each of them; it takes the whole document. */
function digests({ Long }: Pick<typeof Mongo, 'Long'>): Mongo.Document {
  const modulus = Long.fromString('4294967296');
  const rest = { $mod: [{ $toHashedIndexKey: '$$ROOT' }, modulus] };
  const block = { $floor: { $divide: [{ $subtract: ['$position', 1] }, BLOCK_ROWS] } };
  return {
    $group: {
      _id: {
        log: '$log',
        partition: '$partition',
        block: { $cond: [{ $isNumber: '$position' }, block, -1] },
      },
      rows: { $sum: 1 },
      digest: { $sum: { $mod: [{ $add: [rest, modulus] }, modulus] } },
    },
  };
}

function toRowBlock({ _id, rows, digest }: DigestedBlock): RowBlock {
  const { log, partition, block } = _id;
  if (typeof log === 'string' && typeof partition === 'number')
    return { log, partition, block, rows, digest };
  return { log: String(log), partition: -1, block: -1, rows, digest };
}
