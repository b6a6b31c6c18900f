import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import type { RawRecording } from '../../ports/raw-store.ts';
import { noteFindings, settleFindings } from '../verify/index.ts';
import { listDuePartitions } from './removal.queries.ts';
import { removePartition, removeUndated } from './removal.ts';

const DAY_MS = 86_400_000;
const UNDATED_AT_ONCE = 20_000;
const UNDATED_ROWS = 'event_log_undated';
/** An id is refused once it is older than the retention; one more day, and no request under way can still name it. */
const MARGIN_DAYS = 1;

export interface RetentionOptions {
  readonly retentionDays: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** A raw store beside the log, whose recorder is a known reader: its rows go after those that they were copied from. */
  readonly recording?: RawRecording | undefined;
}

export interface RetentionReport {
  readonly partitions: number;
  readonly events: number;
  readonly held: readonly { readonly what: string; readonly reason: string }[];
}

/**
 * Removes raw events that are past their days: first verified, then sealed, then dropped. What does not verify stays and
 * is reported. Interrupted at any instant, it goes on at the next call.
 */
export async function applyRetention(db: Db, options: RetentionOptions): Promise<RetentionReport> {
  const { retentionDays, now, logger, signal } = options;
  const firstKept = Math.floor(now / DAY_MS) - retentionDays - MARGIN_DAYS;
  const held: { what: string; reason: string }[] = [];
  let partitions = 0;
  let events = 0;
  for (const due of await listDuePartitions(db, firstKept)) {
    if (signal.aborted) break;
    const removed = await removePartition(db, due);
    failpoint?.('retention.after-commit');
    if (removed.held) held.push({ what: due.name, reason: removed.held });
    else {
      partitions += 1;
      events += removed.events;
      logger.info(
        { partition: due.name, events: removed.events },
        'raw events past their days were sealed and dropped',
      );
    }
  }
  const before = new Date(now - retentionDays * DAY_MS);
  while (!signal.aborted) {
    const removed = await removeUndated(db, before, UNDATED_AT_ONCE);
    if (removed.held) held.push({ what: UNDATED_ROWS, reason: removed.held });
    events += removed.events;
    if (removed.events < UNDATED_AT_ONCE) break;
  }
  for (const { what, reason } of held)
    logger.warn({ what, reason }, 'raw events past their days are held back');
  await noteFindings(
    db,
    'retention',
    held.map(({ what, reason }) => ({ key: what, detail: { reason } })),
  );
  await settleFindings(
    db,
    'retention',
    held.map(({ what }) => what),
  );
  if (options.recording && !signal.aborted)
    await removeRecorded(options.recording, {
      // Whatever of the log is still there was held back.
      days: new Set((await listDuePartitions(db, firstKept)).map(({ day }) => day)),
      undated: held.some(({ what }) => what === UNDATED_ROWS),
      firstKept,
      before,
    });
  return { partitions, events, held };
}

/** The same days and undated events in the raw store beside the log. Interrupted, it finds the rest in the next round. */
async function removeRecorded(
  recording: RawRecording,
  held: {
    readonly days: ReadonlySet<number>;
    readonly undated: boolean;
    readonly firstKept: number;
    readonly before: Date;
  },
): Promise<void> {
  for (const day of await recording.listDays()) {
    if (day >= 0 && day < held.firstKept && !held.days.has(day)) await recording.dropDay(day);
  }
  if (!held.undated) await recording.dropUndated(held.before);
}
