import type { Clock } from '../../kit/clock.ts';
import type { LogFile } from './line-reader.ts';

export interface ImportProgress {
  /** `survey`: read once before anything is written. `replay`: up to where the last run came. `write`: the rest. */
  readonly phase: 'survey' | 'replay' | 'write';
  readonly lines: number;
  /** Of this phase's reading; packed bytes where the log is packed. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Lines a second of this phase. */
  readonly rate: number;
  /** Milliseconds to the end of this reading; undefined while nobody can tell. */
  readonly etaMs: number | undefined;
  readonly events: number;
  readonly parked: number;
}

export interface Progress {
  readonly surveyed: (lines: number, bytesRead: number) => void;
  /** Returns the rate. */
  readonly written: (
    phase: 'replay' | 'write',
    at: { lines: number; bytesRead: number; events: number; parked: number },
  ) => number;
}

export function createProgress(
  clock: Clock,
  file: LogFile,
  onProgress: ((progress: ImportProgress) => void) | undefined,
): Progress {
  let phase: ImportProgress['phase'] | undefined;
  let startedAt = 0;
  let linesBefore = 0;
  let bytesBefore = 0;

  function tell(next: ImportProgress['phase'], at: Parameters<Progress['written']>[1]): number {
    const now = clock.monotonicMs();
    if (next !== phase) {
      phase = next;
      startedAt = now;
      linesBefore = at.lines;
      bytesBefore = at.bytesRead;
    }
    const tookMs = now - startedAt;
    const rate = tookMs > 0 ? ((at.lines - linesBefore) / tookMs) * 1_000 : 0;
    const bytesPerMs = tookMs > 0 ? (at.bytesRead - bytesBefore) / tookMs : 0;
    const etaMs = bytesPerMs > 0 ? (file.size - at.bytesRead) / bytesPerMs : undefined;
    onProgress?.({ phase: next, ...at, bytesTotal: file.size, rate, etaMs });
    return rate;
  }

  return {
    surveyed: (lines, bytesRead) => void tell('survey', { lines, bytesRead, events: 0, parked: 0 }),
    written: tell,
  };
}
