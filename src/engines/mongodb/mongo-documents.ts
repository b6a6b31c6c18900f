import type * as Mongo from 'mongodb';
import {
  EVENT_SOURCES,
  EVENT_TYPE_NAMES,
  EVENT_TYPES,
  flagNames,
  RULE_NAMES,
  RULES,
  SUBJECT_KINDS,
} from '../../events/event.ts';
import type { PositionedEvent } from '../../ports/event-log.ts';
import type { LogPlace, RawEvent } from '../../ports/raw-store.ts';

/** One event. Names and codes are those of the log's columns in PostgreSQL; what an event does not have is left out. */
export interface EventDocument {
  /** The event's id, as BSON UUID: its order is that of the text. */
  readonly _id: Mongo.UUID;
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly type: number;
  readonly occurred_at: Date;
  readonly received_at: Date;
  readonly actor: Mongo.UUID;
  readonly member: boolean;
  readonly rule: number;
  readonly rule_version: number;
  readonly flags: number;
  readonly source: number;
  readonly network?: string;
  readonly address_hash?: Mongo.Binary;
  readonly address_sealed?: Mongo.Binary;
  readonly user_agent?: string;
  readonly referrer?: string;
  readonly page?: string;
  /** Where the log has it. */
  readonly log: string;
  readonly partition: number;
  readonly position: number;
}

type Bson = Pick<typeof Mongo, 'UUID' | 'Binary'>;

export function toDocument(
  { UUID, Binary }: Bson,
  { log, partition }: LogPlace,
  { event, position }: PositionedEvent,
): EventDocument {
  const { verdict, address, userAgent, referrer, page } = event;
  return {
    _id: new UUID(event.id),
    subject_kind: SUBJECT_KINDS[event.subject.kind],
    subject_id: event.subject.id,
    type: EVENT_TYPES[event.type],
    occurred_at: new Date(event.occurredAt),
    received_at: new Date(event.receivedAt),
    actor: new UUID(event.actor),
    member: event.member,
    rule: verdict.valid ? 0 : RULES[verdict.rule],
    rule_version: verdict.valid ? 0 : verdict.ruleVersion,
    flags: event.flags,
    source: EVENT_SOURCES[event.source],
    ...(address && {
      network: address.network,
      address_hash: new Binary(address.hash),
      address_sealed: new Binary(address.sealed),
    }),
    ...(userAgent !== undefined && { user_agent: userAgent }),
    ...(referrer !== undefined && { referrer }),
    ...(page !== undefined && { page }),
    log,
    partition,
    position,
  };
}

export type ShownDocument = Pick<
  EventDocument,
  | '_id'
  | 'type'
  | 'occurred_at'
  | 'received_at'
  | 'rule'
  | 'rule_version'
  | 'flags'
  | 'actor'
  | 'network'
  | 'address_sealed'
>;

export const SHOWN_FIELDS = {
  type: 1,
  occurred_at: 1,
  received_at: 1,
  rule: 1,
  rule_version: 1,
  flags: 1,
  actor: 1,
  network: 1,
  address_sealed: 1,
} satisfies Record<Exclude<keyof ShownDocument, '_id'>, 1>;

export function toRawEvent(document: ShownDocument): RawEvent {
  const { rule } = document;
  const id = document._id.toString();
  const type = EVENT_TYPE_NAMES.get(document.type);
  if (!type) throw new Error(`Event ${id} has a type that this version does not know.`);
  return {
    event_id: id,
    type,
    occurred_at: document.occurred_at,
    received_at: document.received_at,
    verdict: rule === 0 ? 'valid' : 'invalid',
    rule: RULE_NAMES.get(rule) ?? null,
    rule_version: rule === 0 ? null : document.rule_version,
    flags: flagNames(document.flags),
    actor: document.actor.toString(),
    network: document.network ?? null,
    address_sealed: toBuffer(document.address_sealed),
  };
}

function toBuffer(binary: Mongo.Binary | Buffer | undefined): Buffer | null {
  if (binary === undefined) return null;
  return Buffer.isBuffer(binary) ? binary : Buffer.from(binary.value());
}
