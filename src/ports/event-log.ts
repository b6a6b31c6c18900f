import type { Event, EventType, Subject } from '../events/event.ts';

/**
 * The event log between HTTP and storage.
 *
 * EL-1  `append` resolves only after every kept event is durable: it survives a kill -9 of this process and of the engine.
 * EL-2  An event is in the log whole or not at all; `append` of several events may keep some of them when it rejects
 *       with `outcome_unknown`, and none when it rejects with `overloaded` or `unavailable`.
 * EL-3  A reader sees every event of a partition, in one order, each once: what commits late is never passed.
 * EL-4  Positions of a partition only grow; reading again from a position gives the same events in the same order.
 * EL-5  Memory is bounded: a full queue, or one in which events would wait too long, refuses with `overloaded` before
 *       anything is queued.
 * EL-6  One bad event never fails its neighbours: it alone is answered `unstorable`.
 * EL-7  Where `deduplicates`: a second copy of an id is `duplicate`, or `reused` where its subject or type differ, and
 *       the first copy stays as it was. Elsewhere every copy is `kept`, all of an id in one partition, in the order of
 *       their appends; whoever counts them keeps the first.
 * EL-8  `clock` is an instant such that every event acknowledged before it is seen by a read that starts after it.
 * EL-9  A writer that was killed leaves nothing that holds readers or later writers back.
 */
export interface EventLog {
  /** Which log this is, for stored positions: another URL is another log. */
  readonly identity: string;
  readonly capabilities: EventLogCapabilities;
  /** Outcomes in the order given. Rejects with AppError `overloaded`, `unavailable` or `outcome_unknown`. */
  readonly append: (events: readonly Event[]) => Promise<readonly AppendOutcome[]>;
  readonly listPartitions: () => Promise<readonly LogPartition[]>;
  /** Up to `limit` events after `after`; `atEnd` where no further one was there when the read began. */
  readonly read: (partition: number, after: number, limit: number) => Promise<LogBatch>;
  /** As `read`, without the events: how far a batch of `limit` reaches. */
  readonly span: (partition: number, after: number, limit: number) => Promise<LogSpan>;
  readonly clock: () => Promise<Date>;
  /** Events that wait to be written, for back-pressure and /metrics. */
  readonly queued: () => number;
  /** Milliseconds that what is appended now would wait before it is written; absent where the log cannot tell. */
  readonly expectedWaitMs?: () => number;
  /** Whether an append could be kept right now. */
  readonly writable: () => boolean;
  readonly close: () => Promise<void>;
}

/** What a reader that keeps its own position needs of a log. */
export type LogReader = Pick<
  EventLog,
  'identity' | 'capabilities' | 'listPartitions' | 'read' | 'span' | 'clock'
>;

export interface EventLogCapabilities {
  /** The log itself keeps the first copy of an id only; otherwise the counting transaction must. */
  readonly deduplicates: boolean;
  /** The log's rows are the raw event store: no recorder is needed, and counting may read them in place. */
  readonly isRawStore: boolean;
}

export type AppendOutcome =
  | { readonly status: 'kept' }
  | { readonly status: 'duplicate' }
  | { readonly status: 'reused'; readonly subject: Subject; readonly type: EventType }
  | { readonly status: 'unstorable'; readonly reason: string };

export interface LogPartition {
  readonly partition: number;
  readonly createdAt: Date;
}

export interface LogSpan {
  readonly upTo: number;
  readonly count: number;
  readonly atEnd: boolean;
}

export interface LogBatch extends LogSpan {
  readonly events: readonly PositionedEvent[];
  /** Absent where every record was an event. `count` counts them too. */
  readonly unreadable?: readonly UnreadableRecord[];
}

export interface PositionedEvent {
  readonly position: number;
  readonly event: Event;
}

/** A record that is no event, or a stretch that the log lost before it was read: for the dead letters. */
export interface UnreadableRecord {
  readonly position: number;
  readonly reason: 'unreadable' | 'log_gap';
  readonly detail: string;
  readonly payload: Readonly<Record<string, unknown>>;
}
