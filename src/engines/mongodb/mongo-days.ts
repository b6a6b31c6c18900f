import type * as Mongo from 'mongodb';
import { UNDATED } from '../../events/event-id.ts';
import type { EventDocument } from './mongo-documents.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const PREFIX = 'events_';
const NAME = /^events_(undated|\d{8})$/;

/** What is known of a day's collection, so that a reader looks only where rows can be. */
export interface DayRange {
  /** As in `Event.day`. */
  readonly _id: number;
  /** Whole hours around every `occurred_at` of the day. */
  readonly first_at: Date;
  readonly last_at: Date;
}

/** Every index is named after what it serves. */
const INDEXES: Mongo.IndexDescription[] = [
  // listEvents, exports and listActors: one subject, newest first.
  { name: 'raw_explorer', key: { subject_kind: 1, subject_id: 1, occurred_at: -1, _id: -1 } },
  // countMemberClickers: members who clicked since then.
  {
    name: 'member_clicks',
    key: { occurred_at: 1, subject_id: 1, actor: 1 },
    partialFilterExpression: { type: 3, member: true, rule: 0, subject_kind: 1 },
  },
];
/** dropUndated: the oldest by receipt. */
const UNDATED_INDEX: Mongo.IndexDescription = { name: 'retention', key: { received_at: 1 } };

export interface MongoDays {
  readonly collection: (day: number) => Mongo.Collection<EventDocument>;
  /** Makes the day's collection where it is missing, and widens its range to hold these instants. */
  readonly ensure: (day: number, firstAt: number, lastAt: number) => Promise<void>;
  readonly listRanges: () => Promise<DayRange[]>;
  /** By what collections there are: also those that nobody registered. */
  readonly listDays: () => Promise<number[]>;
  readonly drop: (day: number) => Promise<void>;
  /** Forgets what this process knew: the store is another. */
  readonly forget: () => void;
}

export function createMongoDays(db: Mongo.Db): MongoDays {
  const ranges = db.collection<DayRange>('event_days');
  const known = new Map<number, DayRange>();
  const collection = (day: number) => db.collection<EventDocument>(collectionName(day));

  return {
    collection,
    ensure: async (day, firstAt, lastAt) => {
      const range = known.get(day);
      if (range && range.first_at.getTime() <= firstAt && range.last_at.getTime() >= lastAt) return;
      // Before the first row: a reader that finds the day finds its indexes.
      if (!range)
        await collection(day).createIndexes(day === UNDATED ? [...INDEXES, UNDATED_INDEX] : INDEXES);
      const wider = await ranges.findOneAndUpdate(
        { _id: day },
        {
          $min: { first_at: new Date(Math.floor(firstAt / HOUR_MS) * HOUR_MS) },
          $max: { last_at: new Date(Math.ceil((lastAt + 1) / HOUR_MS) * HOUR_MS) },
        },
        { upsert: true, returnDocument: 'after' },
      );
      if (wider) known.set(day, wider);
    },
    listRanges: () => ranges.find().toArray(),
    listDays: async () => {
      const names = await db.listCollections({ name: NAME }, { nameOnly: true }).toArray();
      return names
        .map(({ name }) => toDay(name))
        .filter(Number.isInteger)
        .sort((a, b) => a - b);
    },
    drop: async (day) => {
      known.delete(day);
      // Readers first stop looking there.
      await ranges.deleteOne({ _id: day });
      await collection(day).drop();
    },
    forget: () => known.clear(),
  };
}

function collectionName(day: number): string {
  if (day === UNDATED) return `${PREFIX}undated`;
  return PREFIX + new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

function toDay(name: string): number {
  const date = name.slice(PREFIX.length);
  if (date === 'undated') return UNDATED;
  return Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`) / DAY_MS;
}
