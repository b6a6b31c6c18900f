import type * as Mongo from 'mongodb';
import { EVENT_TYPES, SUBJECT_KINDS, type Subject } from '../../events/event.ts';
import { dayOfEventId } from '../../events/event-id.ts';
import type { ActorMinute, RawEvent, RawFilter, RawStore } from '../../ports/raw-store.ts';
import type { MongoConnection } from './mongo-client.ts';
import type { DayRange, MongoDays } from './mongo-days.ts';
import { SHOWN_FIELDS, type ShownDocument, toRawEvent } from './mongo-documents.ts';

/** Collections that one aggregation joins; the server allows a thousand stages. */
const DAYS_AT_ONCE = 60;
/** Pages are mostly filled by the newest days. */
const FIRST_DAYS = 3;

interface ReadDeps {
  readonly driver: Pick<typeof Mongo, 'UUID'>;
  readonly connection: MongoConnection;
  readonly days: MongoDays;
}

/** What the console and exports read: a day is a collection, so a range of time is a union of those that can hold it. */
export function createMongoReads(deps: ReadDeps): Omit<RawStore, 'recording'> {
  const { call } = deps.connection;
  return {
    listEvents: (filter, limit) => call('listEvents', () => listEvents(deps, filter, limit)),
    listActors: (subject, from, to, limit) =>
      call('listActors', () => listActors(deps, subject, from, to, limit)),
    countMemberClickers: (since) => call('countMemberClickers', () => countMemberClickers(deps, since)),
  };
}

async function listEvents(deps: ReadDeps, filter: RawFilter, limit: number): Promise<RawEvent[]> {
  const before = filter.after?.occurredAt;
  const ranges = (await deps.days.listRanges())
    .filter(({ _id }) => filter.eventId === undefined || _id === dayOfEventId(filter.eventId))
    .filter(({ first_at }) => (!filter.to || first_at < filter.to) && (!before || first_at <= before))
    .filter(({ last_at }) => !filter.from || last_at >= filter.from)
    .sort((a, b) => b.last_at.getTime() - a.last_at.getTime());
  const pipeline = [
    { $match: toMatch(deps, filter) },
    { $sort: { occurred_at: -1, _id: -1 } },
    { $limit: limit },
    { $project: SHOWN_FIELDS },
  ];
  let found: ShownDocument[] = [];
  for (let at = 0, size = FIRST_DAYS; at < ranges.length; at += size, size = DAYS_AT_ONCE) {
    const oldest = found[limit - 1]?.occurred_at;
    // Days come by their last instant: none that follows holds anything newer.
    if (oldest && ranges[at]!.last_at < oldest) break;
    const rows = await union<ShownDocument>(deps, ranges.slice(at, at + size), pipeline);
    found = [...found, ...rows].sort(newestFirst).slice(0, limit);
  }
  return found.map(toRawEvent);
}

function toMatch({ driver }: ReadDeps, filter: RawFilter): Mongo.Document {
  const { subject, from, to, type, traffic, eventId, after } = filter;
  const afterId = after && new driver.UUID(after.eventId);
  return {
    subject_kind: SUBJECT_KINDS[subject.kind],
    subject_id: subject.id,
    ...((from || to || after) && {
      occurred_at: {
        ...(from && { $gte: from }),
        ...(to && { $lt: to }),
        ...(after && { $lte: after.occurredAt }),
      },
    }),
    ...(type && { type: EVENT_TYPES[type] }),
    ...(traffic !== 'all' && { rule: traffic === 'valid' ? 0 : { $ne: 0 } }),
    ...(eventId !== undefined && { _id: new driver.UUID(eventId) }),
    ...(after && {
      $or: [
        { occurred_at: { $lt: after.occurredAt } },
        { occurred_at: after.occurredAt, _id: { $lt: afterId } },
      ],
    }),
  };
}

function newestFirst(a: ShownDocument, b: ShownDocument): number {
  return b.occurred_at.getTime() - a.occurred_at.getTime() || (a._id.toString() < b._id.toString() ? 1 : -1);
}

/** A bit for each deed, as in `actor_quarters.seen`; MongoDB 6.0 cannot join bits, so it hands over which there were. */
async function listActors(
  deps: ReadDeps,
  subject: Subject,
  from: Date,
  to: Date,
  limit: number,
): Promise<ActorMinute[]> {
  const match = {
    subject_kind: SUBJECT_KINDS[subject.kind],
    subject_id: subject.id,
    occurred_at: { $gte: from, $lt: to },
  };
  const deed = { $add: [{ $subtract: ['$type', 1] }, { $cond: [{ $eq: ['$rule', 0] }, 0, 3] }] };
  const rows = await union<{ _id: { minute: Date; actor: Mongo.UUID }; deeds: number[] }>(
    deps,
    (await deps.days.listRanges()).filter(({ first_at, last_at }) => first_at < to && last_at >= from),
    [{ $match: match }, { $project: { occurred_at: 1, actor: 1, deed } }],
    [
      {
        $group: {
          _id: { minute: { $dateTrunc: { date: '$occurred_at', unit: 'minute' } }, actor: '$actor' },
          deeds: { $addToSet: '$deed' },
        },
      },
      { $limit: limit },
    ],
  );
  return rows.map(({ _id, deeds }) => ({
    minute_at: _id.minute,
    actor: _id.actor.toString(),
    seen: deeds.reduce((seen, one) => seen | (1 << one), 0),
  }));
}

async function countMemberClickers(deps: ReadDeps, since: Date) {
  const match = { type: 3, member: true, rule: 0, subject_kind: 1, occurred_at: { $gt: since } };
  return union<{ campaign_id: number; count: number }>(
    deps,
    (await deps.days.listRanges()).filter(({ last_at }) => last_at > since),
    [{ $match: match }, { $project: { _id: 0, subject_id: 1, actor: 1 } }],
    [
      { $group: { _id: { subject: '$subject_id', actor: '$actor' } } },
      { $group: { _id: '$_id.subject', count: { $sum: 1 } } },
      { $sort: { _id: 1 } },
      { $project: { _id: 0, campaign_id: '$_id', count: 1 } },
    ],
  );
}

/** `each` on the collections of these days, as many as one aggregation bears, and `all` on what they give together. */
async function union<T extends Mongo.Document>(
  { days }: ReadDeps,
  ranges: readonly DayRange[],
  each: Mongo.Document[],
  all: Mongo.Document[] = [],
): Promise<T[]> {
  const [first, ...others] = ranges.map(({ _id }) => days.collection(_id));
  if (!first) return [];
  const joined = others.map(({ collectionName }) => ({
    $unionWith: { coll: collectionName, pipeline: each },
  }));
  return first.aggregate<T>([...each, ...joined, ...all], { allowDiskUse: true }).toArray();
}
