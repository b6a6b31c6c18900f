import type { Db } from '../../db/pool.ts';
import { EVENT_TYPE_NAMES, EVENT_TYPES, flagNames, RULE_NAMES, SUBJECT_KINDS } from '../../events/event.ts';
import type { ActorMinute, RawEvent, RawFilter, RawStore } from '../../ports/raw-store.ts';

interface Row {
  readonly event_id: string;
  readonly type: number;
  readonly occurred_at: Date;
  readonly received_at: Date;
  readonly rule: number;
  readonly rule_version: number;
  readonly flags: number;
  readonly actor: string;
  readonly network: string | null;
  readonly address_sealed: Buffer | null;
}

/** The raw store where the event log's own rows are it. */
export function createPostgresRaw(db: Db): RawStore {
  return {
    recording: undefined,
    listEvents: async (filter, limit) => (await selectEvents(db, filter, limit)).map(toRawEvent),
    listActors: (subject, from, to, limit) =>
      db.query<ActorMinute>(
        `select date_bin('1 minute', occurred_at, 'epoch') as minute_at, actor,
           bit_or(1 << (type - 1 + 3 * (rule <> 0)::int)) as seen
         from event_log where subject_kind = $1 and subject_id = $2 and occurred_at >= $3 and occurred_at < $4
         group by 1, 2 limit $5`,
        [SUBJECT_KINDS[subject.kind], subject.id, from, to, limit],
        'list_actors',
      ),
    countMemberClickers: (since) =>
      db.query(
        `select subject_id as campaign_id, count(distinct actor) as count from event_log
         where type = 3 and flags & 4 <> 0 and occurred_at > $1 and rule = 0 and subject_kind = 1
         group by subject_id order by subject_id`,
        [since],
        'count_member_clickers',
      ),
  };
}

function selectEvents(db: Db, filter: RawFilter, limit: number): Promise<Row[]> {
  return db.query<Row>(
    `select event_id, type, occurred_at, received_at, rule, rule_version, flags, actor, network::text, address_sealed
     from event_log
     where subject_kind = $1 and subject_id = $2
       and ($3::timestamptz is null or occurred_at >= $3) and ($4::timestamptz is null or occurred_at < $4)
       and ($5::int2 is null or type = $5) and ($6::boolean is null or (rule = 0) = $6)
       and ($7::uuid is null or event_id = $7)
       and ($8::timestamptz is null or (occurred_at, event_id) < ($8, $9::uuid))
     order by occurred_at desc, event_id desc limit $10`,
    [
      SUBJECT_KINDS[filter.subject.kind],
      filter.subject.id,
      filter.from ?? null,
      filter.to ?? null,
      filter.type ? EVENT_TYPES[filter.type] : null,
      filter.traffic === 'all' ? null : filter.traffic === 'valid',
      filter.eventId ?? null,
      filter.after?.occurredAt ?? null,
      filter.after?.eventId ?? null,
      limit,
    ],
  );
}

function toRawEvent(row: Row): RawEvent {
  const type = EVENT_TYPE_NAMES.get(row.type);
  if (!type) throw new Error(`Event ${row.event_id} has a type that this version does not know.`);
  return {
    event_id: row.event_id,
    type,
    occurred_at: row.occurred_at,
    received_at: row.received_at,
    verdict: row.rule === 0 ? 'valid' : 'invalid',
    rule: RULE_NAMES.get(row.rule) ?? null,
    rule_version: row.rule === 0 ? null : row.rule_version,
    flags: flagNames(row.flags),
    actor: row.actor,
    network: row.network,
    address_sealed: row.address_sealed,
  };
}
