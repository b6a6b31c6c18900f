import type { EventType, Subject } from '../events/event.ts';

export type Traffic = 'valid' | 'invalid' | 'all';

/**
 * The raw event store: every accepted event, as it was accepted.
 *
 * RS-1  An event is there once, however often it was recorded.
 * RS-2  `listEvents` pages by (occurred_at, event_id), newest first, and neither loses nor doubles a row while others come.
 * RS-3  `listActors` and `countMemberClickers` see only what was kept; an actor is one however many events it has.
 * RS-4  `address_sealed` comes as it was given: a store holds no key and opens nothing.
 */
export interface RawStore {
  readonly listEvents: (filter: RawFilter, limit: number) => Promise<readonly RawEvent[]>;
  /** Who was seen in each minute of [from, to): bits as in `actor_quarters.seen`. At most `limit` rows. */
  readonly listActors: (
    subject: Subject,
    from: Date,
    to: Date,
    limit: number,
  ) => Promise<readonly ActorMinute[]>;
  /** Distinct members with a valid click since then, for each campaign that has any. */
  readonly countMemberClickers: (
    since: Date,
  ) => Promise<readonly { readonly campaign_id: number; readonly count: number }[]>;
}

export interface RawFilter {
  readonly subject: Subject;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
  readonly type: EventType | undefined;
  readonly traffic: Traffic;
  readonly eventId: string | undefined;
  /** Only what comes after this row in the order of `listEvents`. */
  readonly after: { readonly occurredAt: Date; readonly eventId: string } | undefined;
}

export interface RawEvent {
  readonly event_id: string;
  readonly type: EventType;
  readonly occurred_at: Date;
  readonly received_at: Date;
  readonly verdict: 'valid' | 'invalid';
  readonly rule: string | null;
  readonly rule_version: number | null;
  readonly flags: readonly string[];
  readonly actor: string;
  /** The /24 or /48 as CIDR text; null where the event has no address. */
  readonly network: string | null;
  readonly address_sealed: Buffer | null;
}

export interface ActorMinute {
  readonly minute_at: Date;
  readonly actor: string;
  readonly seen: number;
}
