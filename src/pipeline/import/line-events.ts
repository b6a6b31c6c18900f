import { isIP } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { DaySecrets } from '../../db/day-secrets.ts';
import { type Event, FLAGS } from '../../events/event.ts';
import { UNDATED } from '../../events/event-id.ts';
import { createIdentities, createVerdicts, type Judged, visitorHash } from '../ingest/index.ts';
import type { BadLine } from './imports.queries.ts';
import { createLineIds } from './line-ids.ts';
import { MAX_LINE_BYTES, type RawLine } from './line-reader.ts';
import { type LogLine, parseLogLine } from './log-line.ts';
import type { Match, Matcher } from './rules.ts';

const DAY_MS = 86_400_000;
const EARLY_MS = 5 * 60_000;
const VISITORS_KEPT = 50_000;

interface LineEventsOptions {
  readonly match: Matcher;
  readonly campaignId: (named: string | number) => number;
  readonly salt: Buffer;
  readonly idKey: Buffer;
  readonly secrets: DaySecrets;
}

export interface LineEvent {
  readonly event: Omit<Event, 'address' | 'receivedAt'>;
  readonly ip: string | undefined;
}

/** What a line comes to: an event, a bad line, or nothing that the rules count. */
export type LineOutcome = { readonly event: LineEvent } | { readonly bad: BadLine } | undefined;

export interface LineEvents {
  /** Must see every line from the first one on, in order: ids and verdicts depend on the lines before. */
  readonly next: (raw: RawLine, number: number, now: number) => LineOutcome;
  /** Seals the address, under the key of the day of receipt. */
  readonly finish: (made: LineEvent, receivedAt: number) => Promise<Event>;
}

export function createLineEvents(options: LineEventsOptions): LineEvents {
  const verdicts = createVerdicts();
  const identities = createIdentities(options.secrets);
  const lineId = createLineIds(options.idKey);
  const visitor = createVisitors(options.salt);

  function toEvent(line: LogLine, match: Match, bytes: Buffer, now: number): LineEvent {
    const subject = { kind: 'campaign', id: options.campaignId(match.campaign) } as const;
    const { at, userAgent, referrer } = line;
    const actor = visitor(line);
    const id = lineId(bytes);
    const { type } = match;
    const judged: Judged = { id, subject, type, actor, at, userAgent, prefetch: false };
    // As at the door: every event counts towards the rate, then the rules speak. Nothing of a log is refused.
    verdicts.exceeds(actor, at);
    const verdict = verdicts.judge(judged);
    // At once, not after the commit: a batch is repeated until it is kept, or the next run begins with the first line.
    // So the verdict of a line depends on the lines before it and on nothing else.
    verdicts.committed(judged);
    return {
      event: {
        id,
        day: UNDATED,
        subject,
        type,
        occurredAt: Math.min(at, now),
        actor,
        member: false,
        verdict,
        flags: at > now + EARLY_MS ? FLAGS.in_future : 0,
        source: 'import',
        userAgent,
        referrer,
        page: line.target,
      },
      ip: isIP(line.host) === 0 ? undefined : line.host,
    };
  }

  return {
    next: (raw, number, now) => {
      if (raw.length > MAX_LINE_BYTES) return { bad: toBadLine(raw, number, 'longer than 64 KB') };
      if (raw.bytes.length === 0) return undefined;
      const parsed = parseLogLine(raw.bytes);
      if (!('line' in parsed)) return { bad: toBadLine(raw, number, parsed.problem) };
      const match = options.match(parsed.line);
      return match && { event: toEvent(parsed.line, match, raw.bytes, now) };
    },
    finish: async ({ event, ip }, receivedAt) => ({
      ...event,
      receivedAt,
      address: ip === undefined ? undefined : await identities.address(ip, receivedAt),
    }),
  };
}

/** The visitor behind a line, a stranger the day after. */
function createVisitors(salt: Buffer): (line: LogLine) => string {
  const visitors = new LRUCache<string, string>({ max: VISITORS_KEPT });
  return (line) => {
    const text = `${line.host}|${line.userAgent ?? ''}|${Math.floor(line.at / DAY_MS)}`;
    let actor = visitors.get(text);
    if (actor === undefined) {
      actor = visitorHash(salt, text);
      visitors.set(text, actor);
    }
    return actor;
  };
}

function toBadLine(raw: RawLine, number: number, why: string): BadLine {
  const cut = raw.length > MAX_LINE_BYTES ? { bytes: raw.length, truncated: true } : {};
  return {
    number,
    reason: 'unreadable_line',
    detail: `line ${number}: ${why}`,
    payload: { ...toLossless(raw.bytes), ...cut },
  };
}

/** Text where text can hold it: jsonb knows no NUL, and decoding must give the same bytes back. */
function toLossless(bytes: Buffer): { line: string; encoding: 'utf8' | 'base64' } {
  const text = bytes.toString('utf8');
  const lossless = !bytes.includes(0) && Buffer.from(text, 'utf8').equals(bytes);
  return lossless ? { line: text, encoding: 'utf8' } : { line: bytes.toString('base64'), encoding: 'base64' };
}
