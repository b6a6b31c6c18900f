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
import { dayOfEventId, isUuid } from '../../events/event-id.ts';

const FORMAT = 1;
/** 9999-12-31: the last day that has a partition's name. */
const LAST_DAY = 2_932_896;
const sourceNames = new Map<number, EventSource>(
  Object.entries(EVENT_SOURCES).map(([name, code]) => [code, name as EventSource]),
);

/** One event as the value of a record: JSON, so that any Kafka tool can show it; codes as in the stores. */
export function encodeEvent(event: Event): Buffer {
  const { subject, verdict, address } = event;
  return Buffer.from(
    JSON.stringify({
      v: FORMAT,
      id: event.id,
      kind: SUBJECT_KINDS[subject.kind],
      subject: subject.id,
      type: EVENT_TYPES[event.type],
      occurred: event.occurredAt,
      received: event.receivedAt,
      actor: event.actor,
      member: event.member,
      // undefined leaves the name out.
      rule: verdict.valid ? undefined : [RULES[verdict.rule], verdict.ruleVersion],
      flags: event.flags,
      source: EVENT_SOURCES[event.source],
      address: address && [
        address.network,
        address.hash.toString('base64'),
        address.sealed.toString('base64'),
      ],
      agent: event.userAgent,
      referrer: event.referrer,
      page: event.page,
    }),
  );
}

/** Throws an Error that says what is wrong: it was not written by Weir, or by one that knows more codes. */
export function decodeEvent(value: Buffer | null): Event {
  const record: unknown = JSON.parse(value?.toString() ?? 'null');
  if (!isRecord(record) || record.v !== FORMAT) throw new Error('It is not an event of this format.');
  const { id, actor, subject, occurred, received, rule, flags } = record;
  const kind = SUBJECT_KIND_NAMES.get(Number(record.kind));
  const type = EVENT_TYPE_NAMES.get(Number(record.type));
  const source = sourceNames.get(Number(record.source));
  if (!kind || !type || !source) throw new Error('It holds a code that this version does not know.');
  if (!isUuid(id) || !isUuid(actor)) throw new Error('Its id or actor is no UUID.');
  if (!isWhole(subject) || !isWhole(occurred) || !isWhole(received) || !isWhole(flags))
    throw new Error('A number of it is none.');
  const day = dayOfEventId(id);
  if (day > LAST_DAY) throw new Error('Its id is of no day.');
  return {
    id,
    day,
    subject: { kind, id: subject },
    type,
    occurredAt: occurred,
    receivedAt: received,
    actor,
    member: record.member === true,
    verdict: decodeVerdict(rule),
    flags,
    source,
    address: decodeAddress(record.address),
    userAgent: text(record.agent),
    referrer: text(record.referrer),
    page: text(record.page),
  };
}

function decodeVerdict(rule: unknown): Event['verdict'] {
  if (rule === undefined) return { valid: true };
  const [code, ruleVersion] = Array.isArray(rule) ? (rule as unknown[]) : [];
  const name = RULE_NAMES.get(Number(code));
  if (!name || !isWhole(ruleVersion)) throw new Error('It holds a rule that this version does not know.');
  return { valid: false, rule: name, ruleVersion };
}

function decodeAddress(address: unknown): Event['address'] {
  if (address === undefined) return undefined;
  const [network, hash, sealed] = Array.isArray(address) ? (address as unknown[]) : [];
  if (typeof network !== 'string' || typeof hash !== 'string' || typeof sealed !== 'string')
    throw new Error('Its address is none.');
  return { network, hash: Buffer.from(hash, 'base64'), sealed: Buffer.from(sealed, 'base64') };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
