import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { EVENT_TYPES, type EventType } from '../../events/event.ts';
import { isUuid } from '../../events/event-id.ts';
import type { FieldError } from '../../kit/errors.ts';
import { type EventInput, toUuid8 } from '../../pipeline/ingest/index.ts';

const URL_CHARS = 2_048;
const AGENT_CHARS = 512;
const FIELDS = new Set(['event_id', 'type', 'campaign_id', 'occurred_at', 'referrer', 'page']);
/** Only for who may speak for others: server-to-server collection. */
const TRUSTED_FIELDS = new Set(['actor_id', 'ip', 'user_agent']);
const RFC3339 = /^(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

export type ParsedInput = { readonly input: EventInput } | { readonly errors: readonly FieldError[] };

/**
 * One event of a body: unknown into known, or every problem by field. Written by hand because it runs for each event,
 * and because it says what a schema's message cannot.
 */
export function parseEventInput(value: unknown, trusted: boolean): ParsedInput {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { errors: [{ path: '', message: 'an event is a JSON object' }] };
  }
  const body = value as Record<string, unknown>;
  const errors: FieldError[] = [];
  for (const name of Object.keys(body)) {
    if (FIELDS.has(name) || (trusted && TRUSTED_FIELDS.has(name))) continue;
    const message = TRUSTED_FIELDS.has(name)
      ? 'only an admin may name this field'
      : 'is not a field of an event';
    errors.push({ path: name, message });
  }
  const need = <T>(path: string, parsed: T | string): T | undefined => {
    if (typeof parsed !== 'string') return parsed;
    errors.push({ path, message: parsed });
    return undefined;
  };
  const type = need('type', parseType(body.type));
  const id = need('campaign_id', parseCampaignId(body.campaign_id));
  const eventId = need('event_id', parseEventId(body.event_id));
  const occurredAt = need('occurred_at', parseInstant(body.occurred_at));
  const referrer = need('referrer', parseText(body.referrer, URL_CHARS));
  const page = need('page', parseText(body.page, URL_CHARS));
  const named = trusted ? parseNamed(body, need) : {};
  if (errors.length > 0 || !type || !id) return { errors };
  return {
    input: {
      type: type.value,
      subject: { kind: 'campaign', id: id.value },
      eventId: eventId?.value,
      occurredAt: occurredAt?.value,
      referrer: referrer?.value,
      page: page?.value,
      ...named,
    },
  };
}

/** A parsed value stands in a box, so that a text can only be a refusal. */
interface Box<T> {
  readonly value: T;
}

type Need = <T>(path: string, parsed: T | string) => T | undefined;

function parseNamed(body: Record<string, unknown>, need: Need): Partial<EventInput> {
  const actor = need('actor_id', parseText(body.actor_id, 200))?.value;
  const ip = need('ip', parseText(body.ip, 45))?.value;
  if (ip !== undefined && (isIP(ip) === 0 || ip.includes('%'))) need('ip', 'must be an IPv4 or IPv6 address');
  const userAgent = need('user_agent', parseText(body.user_agent, AGENT_CHARS))?.value;
  const actorId =
    actor === undefined || isUuid(actor)
      ? actor?.toLowerCase()
      : toUuid8(createHash('sha256').update(`named:${actor}`).digest());
  return { actor: actorId, ip, userAgent };
}

function parseType(value: unknown): Box<EventType> | string {
  if (typeof value === 'string' && Object.hasOwn(EVENT_TYPES, value)) return { value: value as EventType };
  return `must be one of ${Object.keys(EVENT_TYPES).join(', ')}`;
}

function parseCampaignId(value: unknown): Box<number> | string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return { value };
  return 'must be the whole number of a campaign';
}

function parseEventId(value: unknown): Box<string | undefined> | string {
  if (value === undefined || isUuid(value)) return { value };
  return 'must be a UUID; version 7 is best';
}

/** RFC 3339 with an offset, years 1970 to 9999. */
export function parseInstant(value: unknown): Box<number | undefined> | string {
  if (value === undefined) return { value: undefined };
  const wrong = 'must be an RFC 3339 instant with its offset, for example 2026-05-01T09:00:00+09:00';
  if (typeof value !== 'string' || value.length > 40 || !RFC3339.test(value)) return wrong;
  const at = Date.parse(value);
  if (Number.isNaN(at) || !isRealDate(value)) return wrong;
  return at < 0 ? 'must not lie before 1970' : { value: at };
}

/** Date.parse rolls 30 February over to March; a date that is on no calendar is refused instead. */
function isRealDate(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number);
  return day !== undefined && day <= new Date(Date.UTC(year!, month!, 0)).getUTCDate();
}

function parseText(value: unknown, chars: number): Box<string | undefined> | string {
  if (value === undefined || value === null) return { value: undefined };
  if (typeof value !== 'string') return 'must be a text';
  if (value.length > chars) return `must not be longer than ${chars} characters`;
  if (value.includes('\u0000') || !value.isWellFormed()) return 'must be valid Unicode without NUL';
  return { value };
}

/** A header as it may be kept: cut, and without what PostgreSQL's text refuses. */
export function cleanAgent(agent: string | undefined): string | undefined {
  if (!agent) return undefined;
  const cut = agent.length > AGENT_CHARS ? agent.slice(0, AGENT_CHARS) : agent;
  return cut.includes('\u0000') || !cut.isWellFormed() ? cut.toWellFormed().replaceAll('\u0000', '') : cut;
}
