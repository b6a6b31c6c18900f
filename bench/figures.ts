import { comments } from './comments.ts';
import { community } from './community.ts';
import { countingCost } from './counting-cost.ts';
import type { Figure } from './figure.ts';
import { freshness } from './freshness.ts';
import { idleMemory } from './idle-memory.ts';
import { importRate } from './import-rate.ts';
import { keep } from './keep.ts';
import { recordRate } from './record-rate.ts';
import { batches, singleEvents, viewRoute } from './requests.ts';
import { scaledOut } from './scaled-out.ts';
import { search } from './search.ts';
import { startTime } from './start-time.ts';
import { statsLatency } from './stats-latency.ts';
import { storedBytes } from './stored-bytes.ts';

/** All figures, in the order in which they are measured: what shares a resource stands together. */
export const FIGURES: readonly Figure[] = [
  singleEvents,
  viewRoute,
  community,
  comments,
  freshness,
  batches,
  storedBytes,
  keep,
  importRate,
  recordRate,
  scaledOut,
  countingCost,
  statsLatency,
  search,
  startTime,
  idleMemory,
];

/** The ones that a change must not make far worse: quick, and with a floor or a size that holds on any machine. */
export const CHECKED: readonly string[] = ['single', 'view', 'batches', 'bytes'];
