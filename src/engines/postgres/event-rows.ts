import {
  EVENT_SOURCES,
  EVENT_TYPE_NAMES,
  EVENT_TYPES,
  type Event,
  type EventSource,
  RULE_NAMES,
  RULES,
  SUBJECT_KIND_NAMES,
  SUBJECT_KINDS,
} from '../../events/event.ts';
import {
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
  uuidArray,
} from './binary-arrays.ts';

/** The bit beside the clock flags that says the actor is a member. */
export const MEMBER_BIT = 4;

const COLUMNS = [
  ['event_id', 'uuid'],
  ['actor', 'uuid'],
  ['seq', 'int8'],
  ['subject_id', 'int8'],
  ['occurred_at', 'timestamptz'],
  ['received_at', 'timestamptz'],
  ['day', 'int4'],
  ['subject_kind', 'int2'],
  ['type', 'int2'],
  ['rule', 'int2'],
  ['rule_version', 'int2'],
  ['flags', 'int2'],
  ['source', 'int2'],
  ['network', 'text'],
  ['address_hash', 'bytea'],
  ['address_sealed', 'bytea'],
  ['user_agent', 'text'],
  ['referrer', 'text'],
  ['page', 'text'],
] as const;

const names = COLUMNS.map(([name]) => name).join(', ');
const values = COLUMNS.map(([name]) => (name === 'network' ? 'network::cidr' : name)).join(', ');
const unnested = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ');

/**
 * One group, one statement, one commit. It answers the seq of what was there already (nearly always nothing, so nothing
 * is read back). Sorted by key, so that two lanes with the same ids never wait for each other in a circle; of copies of one
 * id in the group, the first by seq wins.
 */
export const INSERT_GROUP = `
with input (${names}) as (select * from unnest(${unnested})),
kept as (
  insert into event_log (${names}, lane)
  select ${values}, $${COLUMNS.length + 1}::int2 from input order by event_id, seq
  on conflict do nothing returning seq
)
select seq from input where seq not in (select seq from kept)`;

export function encodeGroup(events: readonly Event[], firstSeq: number, lane: number): unknown[] {
  return encodeRows(
    events,
    events.map((_, index) => firstSeq + index),
    lane,
  );
}

export function encodeRows(events: readonly Event[], seqs: readonly number[], lane: number): unknown[] {
  return [
    uuidArray(events, (event) => event.id),
    uuidArray(events, (event) => event.actor),
    int8Array(seqs, (seq) => seq),
    int8Array(events, (event) => event.subject.id),
    timestamptzArray(events, (event) => event.occurredAt),
    timestamptzArray(events, (event) => event.receivedAt),
    int4Array(events, (event) => event.day),
    int2Array(events, (event) => SUBJECT_KINDS[event.subject.kind]),
    int2Array(events, (event) => EVENT_TYPES[event.type]),
    int2Array(events, (event) => (event.verdict.valid ? 0 : RULES[event.verdict.rule])),
    int2Array(events, (event) => (event.verdict.valid ? 0 : event.verdict.ruleVersion)),
    int2Array(events, (event) => event.flags | (event.member ? MEMBER_BIT : 0)),
    int2Array(events, (event) => EVENT_SOURCES[event.source]),
    textArray(events, (event) => event.address?.network),
    byteaArray(events, (event) => event.address?.hash),
    byteaArray(events, (event) => event.address?.sealed),
    textArray(events, (event) => event.userAgent),
    textArray(events, (event) => event.referrer),
    textArray(events, (event) => event.page),
    lane,
  ];
}

export interface EventRow {
  readonly event_id: string;
  readonly actor: string;
  readonly seq: number;
  readonly subject_id: number;
  readonly occurred_at: Date;
  readonly received_at: Date;
  readonly day: number;
  readonly subject_kind: number;
  readonly type: number;
  readonly rule: number;
  readonly rule_version: number;
  readonly flags: number;
  readonly source: number;
  readonly network: string | null;
  readonly address_hash: Buffer | null;
  readonly address_sealed: Buffer | null;
  readonly user_agent: string | null;
  readonly referrer: string | null;
  readonly page: string | null;
}

export const EVENT_COLUMNS = names;

const sourceNames = new Map<number, EventSource>(
  Object.entries(EVENT_SOURCES).map(([name, code]) => [code, name as EventSource]),
);

/** Throws where a code is unknown here: a newer Weir wrote the row. */
export function toEvent(row: EventRow): Event {
  const kind = SUBJECT_KIND_NAMES.get(row.subject_kind);
  const type = EVENT_TYPE_NAMES.get(row.type);
  const source = sourceNames.get(row.source);
  const rule = RULE_NAMES.get(row.rule);
  if (!kind || !type || !source || (row.rule !== 0 && !rule)) {
    throw new Error(`Event ${row.event_id} holds a code that this version does not know.`);
  }
  return {
    id: row.event_id,
    day: row.day,
    subject: { kind, id: row.subject_id },
    type,
    occurredAt: row.occurred_at.getTime(),
    receivedAt: row.received_at.getTime(),
    actor: row.actor,
    member: (row.flags & MEMBER_BIT) !== 0,
    verdict: rule ? { valid: false, rule, ruleVersion: row.rule_version } : { valid: true },
    flags: row.flags & ~MEMBER_BIT,
    source,
    address:
      row.network && row.address_hash && row.address_sealed
        ? { network: row.network, hash: row.address_hash, sealed: row.address_sealed }
        : undefined,
    userAgent: row.user_agent ?? undefined,
    referrer: row.referrer ?? undefined,
    page: row.page ?? undefined,
  };
}
