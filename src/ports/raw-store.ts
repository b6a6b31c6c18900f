import type { EventType, Subject } from '../events/event.ts';
import type { PositionedEvent } from './event-log.ts';

export type Traffic = 'valid' | 'invalid' | 'all';

/**
 * The raw event store: every accepted event, as it was accepted.
 *
 * RS-1  An event is there once, however often it was recorded.
 * RS-2  `listEvents` pages by (occurred_at, event_id), newest first, and neither loses nor doubles a row while others come.
 * RS-3  `listActors` and `countMemberClickers` see only what was kept; an actor is one however many events it has.
 * RS-4  `address_sealed` comes as it was given: a store holds no key and opens nothing.
 * RS-5  Recorded means durable: when `record` resolves, its events survive a kill -9 of the engine. Where the log's own
 *       rows are the store, the log's EL-1 says so.
 * RS-6  Recording an event again is success, and the first copy stays as it was.
 * RS-7  One event that cannot be stored never fails its neighbours: it alone is refused, with its reason.
 * RS-8  `check` finds every event that is missing or altered, `countDay` every one too many.
 * RS-9  `sumMinutes` and `listActorQuarters` give, computed by the engine, what counting the same rows gives: sums by
 *       minute, and sets by quarter of an hour. Chunks come as they are asked for, so memory stays bounded.
 * RS-10 `digestBlocks` gives the same digests for the same rows on any engine, and others where a row was altered, added
 *       or removed: the sum of each row's hash, made of all that it holds.
 */
export interface RawStore {
  /** undefined: the event log's own rows are the store, so that nothing needs to be recorded. */
  readonly recording: RawRecording | undefined;
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

/** A raw store beside the log, filled by the recorder. Rejects with an EngineError while the engine is in trouble. */
export interface RawRecording {
  /** Which store this is: another database, or one that was emptied, is another, and is filled from the log's beginning. */
  readonly identity: () => Promise<string>;
  /** Keeps events of one partition of a log with their positions. Returns those it refused; all others are durable. */
  readonly record: (at: LogPlace, events: readonly PositionedEvent[]) => Promise<readonly RefusedEvent[]>;
  /** Those events of the log that are not here as the log has them. */
  readonly check: (at: LogPlace, events: readonly PositionedEvent[]) => Promise<readonly RawMismatch[]>;
  /** Days (as in `Event.day`) that the store has a place for, whether it made that place itself or not. */
  readonly listDays: () => Promise<readonly number[]>;
  /** Events of a day, without those recorded behind these ends. */
  readonly countDay: (day: number, ends: readonly LogEnd[]) => Promise<number>;
  /** The same, apart by subject and minute of `occurred_at`. */
  readonly countMinutes: (day: number, ends: readonly LogEnd[]) => AsyncIterable<SubjectMinute>;
  /** Days that can hold an event of that time of `occurred_at`: where readers look. */
  readonly listDaysOf: (from: Date, to: Date) => Promise<readonly number[]>;
  readonly sumMinutes: (rows: RowsToCount) => AsyncIterable<readonly MinuteSums[]>;
  readonly listActorQuarters: (rows: RowsToCount) => AsyncIterable<readonly ActorQuarter[]>;
  readonly digestBlocks: (rows: RowsToDigest) => AsyncIterable<readonly RowBlock[]>;
  /** Ids of the rows of a day that say they are of this block. */
  readonly listIds: (day: number, block: BlockPlace) => Promise<readonly string[]>;
  /** Forgets a day with all its events. */
  readonly dropDay: (day: number) => Promise<void>;
  /** Forgets undated events received before then. */
  readonly dropUndated: (before: Date) => Promise<void>;
  /** For `weir doctor`: the engine's version. */
  readonly version: () => Promise<string>;
}

export interface LogPlace {
  readonly log: string;
  readonly partition: number;
}

export interface LogEnd extends LogPlace {
  readonly position: number;
}

/** Rows of a day (as in `Event.day`), none recorded behind these ends. */
interface RowsOfDay {
  readonly day: number;
  readonly ends: readonly LogEnd[];
  /** Of the undated: the first that the log still has. Those before it, by receipt and id, are about to go here too. */
  readonly firstUndated?: { readonly receivedAt: Date; readonly eventId: string } | undefined;
}

export interface RowsToCount extends RowsOfDay {
  /** Of `occurred_at`; whole quarters of an hour. */
  readonly from: Date;
  readonly to: Date;
  /** Ids of events that are in no number. */
  readonly without: readonly string[];
}

export interface RowsToDigest extends RowsOfDay {
  /** Of `received_at`; undefined: no bound on that side. */
  readonly receivedFrom?: Date | undefined;
  readonly receivedTo?: Date | undefined;
}

interface BySubject {
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly bucket_at: Date;
}

export interface MinuteSums extends BySubject {
  /** 0: valid, 1: invalid. */
  readonly traffic: number;
  readonly views: number;
  readonly true_views: number;
  readonly clicks: number;
}

export interface ActorQuarter extends BySubject {
  readonly actor: string;
  /** Bits as in `actor_quarters.seen`. */
  readonly seen: number;
}

/** Positions of one partition that one digest is about: (block × BLOCK_ROWS, (block + 1) × BLOCK_ROWS]. */
export const BLOCK_ROWS = 8_192;

export interface BlockPlace extends LogPlace {
  readonly block: number;
}

/**
 * Rows of a block under one digest: the sum, over the rows, of the first four bytes, little-endian, of the MD5 that
 * MongoDB hashes an indexed value with: four bytes of zero, then the document, in the order of its fields. Rows that say
 * they are nowhere in a log are in block -1.
 */
export interface RowBlock extends BlockPlace {
  readonly rows: number;
  readonly digest: number;
}

export interface RefusedEvent extends PositionedEvent {
  readonly reason: string;
}

export interface RawMismatch {
  readonly eventId: string;
  readonly day: number;
  /** `earlier`: the row says that it is an earlier copy of this partition. Only a log that keeps copies can have one. */
  readonly problem: 'missing' | 'altered' | 'earlier';
}

export interface SubjectMinute {
  /** Codes: what was put there by hand need not be one that we know. */
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly minute_at: Date;
  readonly count: number;
}
