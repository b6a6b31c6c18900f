import type { JobKind, JobPayloads } from '../events/jobs.ts';

/**
 * Work that committed changes made due.
 *
 * JQ-1  A job that was written in a transaction is done at least once if that commits, and never if it rolls back.
 * JQ-2  While a lease lasts nobody else is handed the job. It lasts `LEASE_MS` from its claim or its last `extend`.
 * JQ-3  A job whose worker died is handed out again as soon as its lease is over.
 * JQ-4  Who lost the lease can no longer complete, fail or extend the job.
 * JQ-5  A job is handed out `MAX_TRIES` times at most, then parked with the reason of its last failure; none is dropped.
 * JQ-6  A job is not handed out before its instant; a failed one not before its delay.
 * JQ-7  Jobs of one kind never hold those of another back, and a failing one never its neighbours.
 */
export interface JobQueue {
  /** Hands out jobs that are due, of each kind up to its number, the longest due first. */
  readonly claim: (slots: ReadonlyMap<JobKind, number>) => Promise<readonly LeasedJob[]>;
  /** Prolongs leases. Returns the ids of those that are still held. */
  readonly extend: (jobs: readonly LeasedJob[]) => Promise<ReadonlySet<number>>;
  readonly complete: (jobs: readonly LeasedJob[]) => Promise<void>;
  /** Hands the job out again after the delay, or parks it where that was its last try or `delayMs` is undefined. */
  readonly fail: (job: LeasedJob, reason: string, delayMs: number | undefined) => Promise<void>;
  readonly readState: () => Promise<readonly KindState[]>;
  /** Parked ones, the oldest first. */
  readonly listParked: (filter: ParkedFilter) => Promise<readonly ParkedJob[]>;
  /** Hands parked jobs out anew, with all their tries: those named, or all. Returns how many. */
  readonly retry: (ids: readonly number[] | undefined) => Promise<number>;
  /** Gives parked jobs up for good. Returns how many. */
  readonly discard: (ids: readonly number[]) => Promise<number>;
}

export const LEASE_MS = 30_000;
export const MAX_TRIES = 5;

export type LeasedJob = {
  [K in JobKind]: {
    readonly id: number;
    readonly kind: K;
    readonly payload: JobPayloads[K];
    /** Which try this is, from 1. */
    readonly attempt: number;
    /** Names this claim. */
    readonly lease: string;
  };
}[JobKind];

export interface KindState {
  readonly kind: string;
  /** Due, and taken by nobody. */
  readonly waiting: number;
  readonly running: number;
  /** Failed before, or not due yet. */
  readonly later: number;
  readonly parked: number;
  /** How long the first of those that wait has been due; null where none waits. */
  readonly oldest_ms: number | null;
}

export interface ParkedFilter {
  readonly kind?: string | undefined;
  readonly afterId?: number | undefined;
  readonly limit: number;
}

export interface ParkedJob {
  readonly id: number;
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly tries: number;
  readonly reason: string;
  readonly created_at: Date;
  readonly parked_at: Date;
}
