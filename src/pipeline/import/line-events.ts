import { setImmediate } from 'node:timers/promises';
import type { DaySecrets } from '../../db/day-secrets.ts';
import { type Event, FLAGS, type Verdict } from '../../events/event.ts';
import { UNDATED } from '../../events/event-id.ts';
import { createVerdicts, type Judged } from '../ingest/index.ts';
import type { LineBatch } from './line-batch.ts';
import { ID_LENGTH } from './line-ids.ts';
import { createSeal, createVisitors, toBuffer, toField, type Visitor } from './line-visitors.ts';

const EARLY_MS = 5 * 60_000;

interface LineEventsOptions {
  readonly campaignId: (named: string | number) => number;
  readonly salt: Buffer;
  readonly secrets: DaySecrets;
  readonly signal: AbortSignal;
}

/** Events and the lines they are of. */
export interface JudgedLines {
  readonly events: Event[];
  readonly numbers: number[];
}

export interface LineEvents {
  /**
   * The events of the lines behind line `after`, in the order of their ids. Must see every batch from the first one on,
   * in order: verdicts depend on the lines before.
   */
  readonly next: (batch: LineBatch, after: number, receivedAt: number) => Promise<JudgedLines>;
}

/** Events that are made before requests, answers and the next piece of a batch on its way have their turn. */
const AT_ONCE = 500;

export function createLineEvents(options: LineEventsOptions): LineEvents {
  const judge = createJudge();
  const findVisitors = createVisitors(options.salt);
  const seal = createSeal(options);

  return {
    next: async (batch, after, receivedAt) => {
      const visitors = await findVisitors(batch);
      if (batch.reached.lines > after) await seal(visitors, receivedAt);
      const toEvent = createEventMaker(batch, visitors, options.campaignId, receivedAt);
      const events: Event[] = [];
      for (let place = 0; place < batch.events; place += 1) {
        if (place % AT_ONCE === 0) await setImmediate();
        events.push(toEvent(place, judge));
      }
      const made: JudgedLines = { events: [], numbers: [] };
      for (const place of batch.order) {
        const number = batch.lineNumbers[place]!;
        if (number <= after) continue;
        made.numbers.push(number);
        made.events.push(events[place]!);
      }
      return made;
    },
  };
}

/** The rules of live traffic, in the time and the order of the log. */
function createJudge(): (judged: Judged) => Verdict {
  const verdicts = createVerdicts();
  return (judged) => {
    // As at the door: every event counts towards the rate, then the rules speak. Nothing of a log is refused.
    verdicts.exceeds(judged.actor, judged.at);
    const verdict = verdicts.judge(judged);
    // At once, not after the commit: a batch is repeated until it is kept, or the next run begins with the first line.
    // So the verdict of a line depends on the lines before it and on nothing else.
    verdicts.committed(judged);
    return verdict;
  };
}

function createEventMaker(
  batch: LineBatch,
  visitors: readonly Visitor[],
  campaignId: LineEventsOptions['campaignId'],
  receivedAt: number,
): (place: number, judge: (judged: Judged) => Verdict) => Event {
  const { matches, matchOf, clientOf, times, eventTexts } = batch;
  const subjects = matches.map(({ campaign }) => ({ kind: 'campaign', id: campaignId(campaign) }) as const);
  const ids = toBuffer(batch.ids);
  const texts = toBuffer(batch.texts);
  return (place, judge) => {
    const { actor, userAgent, host } = visitors[clientOf[place]!]!;
    const subject = subjects[matchOf[place]!]!;
    const { type } = matches[matchOf[place]!]!;
    const at = times[place]!;
    const id = ids.toString('latin1', place * ID_LENGTH, (place + 1) * ID_LENGTH);
    const referrerAt = eventTexts[place * 3 + 1]!;
    return {
      id,
      day: UNDATED,
      subject,
      type,
      occurredAt: Math.min(at, receivedAt),
      receivedAt,
      actor,
      member: false,
      verdict: judge({ id, subject, type, actor, at, userAgent, prefetch: false }),
      flags: at > receivedAt + EARLY_MS ? FLAGS.in_future : 0,
      source: 'import',
      address: host.address,
      userAgent,
      referrer: toField(texts, referrerAt, eventTexts[place * 3 + 2]!),
      page: texts.toString('utf8', eventTexts[place * 3], referrerAt),
    };
  };
}
