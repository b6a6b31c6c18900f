import { sleep } from '../../kit/wait.ts';
import { type CheckDeps, createSteps, LEAST_REST_MS, report, type Steps } from './check-steps.ts';
import { type Finding, findClock, findPass, markPass, settleUnseen } from './findings.queries.ts';
import type { Recorded } from './recorded.ts';
import { checkOlderRecorded, checkRecentRecorded } from './recorded-check.ts';
import {
  checkSealsAfter,
  countStrays,
  findBrokenSets,
  findBrokenSums,
  findRecentSeal,
  listLaneEnds,
} from './seals.queries.ts';
import { type BrokenSeal, checkLink } from './seals.ts';
import { type Difference, findRawExtent, listSubjects, type SubjectKey } from './verify.queries.ts';
import {
  checkTotalsOf,
  compare,
  DAY_MS,
  FIRST_SUBJECT,
  isDoubtful,
  repairRange,
  SUBJECTS_AT_ONCE,
} from './verify.ts';

const HOUR_MS = 3_600_000;
const RECENT_MS = DAY_MS;
const SEALS_AT_ONCE = 50;
/** What a pass over everything would have seen again. */
const SETTLED_HERE = ['counter', 'set', 'raw', 'sealed'] as const;
/** How often a round over the last day, and a pass over everything, begins. */
const ROUND_MS = 30_000;
const PASS_MS = HOUR_MS;
/** Rests twice as long as it works: a third of one core of the database at most, while there is much to check. */
const RECENT_REST = 2;
const OLDER_REST = 9;
const TROUBLE_REST_MS = 2_000;

export interface BackgroundCheck {
  readonly close: () => Promise<void>;
}

/**
 * Verifies for as long as the process lives, in small pieces: the last day in every round, everything older in one slow
 * pass after another; the same of a raw store beside the log, against the log's rows. Counters and sets that differ are
 * made anew; raw rows that differ are reported, never made official.
 */
export function startBackgroundCheck(
  deps: CheckDeps & { readonly recorded?: () => Recorded | undefined },
): BackgroundCheck {
  const stop = new AbortController();
  const { signal } = stop;
  /** Asked for at each round: which store is filled may change. */
  const withRecorded = (round: typeof checkRecentRecorded) => async (steps: Steps) => {
    const recorded = deps.recorded?.();
    if (recorded) await round(steps, recorded);
  };
  const forever = async (rest: number, round: (steps: Steps) => Promise<void>, everyMs: number) => {
    while (!signal.aborted) {
      const begunAt = performance.now();
      try {
        await round(createSteps(deps, signal, rest));
      } catch (error) {
        if (signal.aborted) break;
        deps.logger.warn({ err: error }, 'the check in the background waits for its databases');
        await sleep(TROUBLE_REST_MS, signal);
      }
      await sleep(Math.max(LEAST_REST_MS, everyMs - (performance.now() - begunAt)), signal);
    }
  };
  const running = Promise.all([
    forever(RECENT_REST, checkRecent, ROUND_MS),
    forever(OLDER_REST, checkOlder, PASS_MS),
    // Apart, since the store may be away.
    forever(RECENT_REST, withRecorded(checkRecentRecorded), ROUND_MS),
    forever(OLDER_REST, withRecorded(checkOlderRecorded), PASS_MS),
  ]);
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Raw rows and numbers of the last day, and the totals of all subjects, slice by slice. */
export async function checkRecent(steps: Steps): Promise<void> {
  const { db, now, step } = steps;
  const since = new Date(Math.floor((now() - RECENT_MS) / HOUR_MS) * HOUR_MS);
  const broken: BrokenSeal[] = [];
  for (const { lane } of await listLaneEnds(db)) {
    const first = await findRecentSeal(db, lane, since);
    if (first !== undefined) broken.push(...(await checkLane(steps, lane, first)));
  }
  await report(steps, 'raw', broken.map(toFinding));
  for (let at = since.getTime(); at < now() + HOUR_MS; at += HOUR_MS) {
    await step(() => checkSpan(steps, new Date(at), new Date(at + HOUR_MS), broken));
  }
  await checkAllTotals(steps);
}

/** One pass over every seal and every day; one that goes on where it was interrupted is followed by a whole one. */
async function checkOlder(steps: Steps): Promise<void> {
  const { db, step } = steps;
  const broken: BrokenSeal[] = [];
  const begunAt = await findClock(db);
  let whole = true;
  for (const { lane, position } of await listLaneEnds(db)) {
    const name = `raw rows, lane ${lane}`;
    const begun = (await findPass(db, name))?.cursor ?? 0;
    whole &&= begun === 0;
    broken.push(...(await checkLane(steps, lane, begun, name, position)));
  }
  const strays = await step(() => countStrays(db));
  const lost = strays > 0 ? [{ key: 'strays', detail: { rows: strays } }] : [];
  await report(steps, 'raw', [...broken.map(toFinding), ...lost]);
  const extent = await findRawExtent(db);
  if (!extent) return;
  const first = Math.floor(extent.from.getTime() / DAY_MS);
  const total = Math.floor(extent.to.getTime() / DAY_MS) + 1 - first;
  const cursor = (await findPass(db, 'numbers'))?.cursor ?? first;
  const begin = cursor < first || cursor >= first + total ? first : cursor;
  for (let day = begin; day < first + total; day += 1) {
    const from = new Date(day * DAY_MS);
    await step(() => checkSpan(steps, from, new Date(from.getTime() + DAY_MS), broken));
    const done = day + 1 - first;
    const finished = done === total;
    await markPass(db, 'numbers', { cursor: finished ? 0 : day + 1, done, total, finished });
  }
  if (whole && begin === first) await settleUnseen(db, SETTLED_HERE, begunAt);
  else await checkOlder(steps);
}

async function checkLane(
  steps: Steps,
  lane: number,
  first: number,
  pass?: string,
  total = 0,
): Promise<BrokenSeal[]> {
  const broken: BrokenSeal[] = [];
  for (let after = first; ; ) {
    const seals = await steps.step(() => checkSealsAfter(steps.db, lane, after, SEALS_AT_ONCE));
    for (const seal of seals) {
      broken.push(...checkLink(seal, after));
      after = seal.up_to;
    }
    const finished = seals.length < SEALS_AT_ONCE;
    if (pass)
      await markPass(steps.db, pass, {
        cursor: finished ? 0 : after,
        done: after,
        total: Math.max(total, after),
        finished,
      });
    if (finished) return broken;
  }
}

/** Compares one span, and makes anew what differs where its raw rows are whole. */
async function checkSpan(steps: Steps, from: Date, to: Date, broken: readonly BrokenSeal[]): Promise<void> {
  const { db } = steps;
  const midnight = new Date(Math.floor(from.getTime() / DAY_MS) * DAY_MS);
  const sealed = [
    ...(await findBrokenSums(db, from, to)),
    ...(await findBrokenSets(db, midnight, new Date(midnight.getTime() + DAY_MS))),
  ];
  await report(
    steps,
    'sealed',
    sealed.map((one) => ({ key: `${one.what} ${one.first_at.toISOString()}`, detail: { ...one } })),
  );
  const found = await compare(db, from, to);
  if (found.length === 0) return;
  const repaired = !isDoubtful(from, to, [...broken, ...sealed]) && (await repairRange(db, from, to));
  await reportDifferences(steps, found, repaired);
}

async function checkAllTotals(steps: Steps): Promise<void> {
  for (let after: SubjectKey = FIRST_SUBJECT; ; ) {
    const subjects = await steps.step(() => listSubjects(steps.db, after, SUBJECTS_AT_ONCE));
    const found = await steps.step(() => checkTotalsOf(steps.db, subjects, true));
    await reportDifferences(steps, found, true);
    if (subjects.length < SUBJECTS_AT_ONCE) return;
    after = subjects.at(-1)!;
  }
}

async function reportDifferences(
  steps: Steps,
  found: readonly Difference[],
  repaired: boolean,
): Promise<void> {
  for (const kind of ['counter', 'set'] as const) {
    const own = found.filter((one) => (one.table === 'actor_quarters') === (kind === 'set'));
    await report(
      steps,
      kind,
      own.map((one) => ({
        key: `${one.table} ${one.subject_kind} ${one.subject_id} ${one.bucket_at?.toISOString() ?? 'total'} ${one.traffic ?? ''}`,
        detail: { kept: one.kept, recounted: one.recounted, repaired },
      })),
      repaired,
    );
  }
}

function toFinding({ partition, after, up_to, events, found }: BrokenSeal): Finding {
  return { key: `lane ${partition}, ${after + 1} to ${up_to}`, detail: { counted: events, found } };
}
