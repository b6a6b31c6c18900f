import { isIP } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { DaySecrets } from '../../db/day-secrets.ts';
import { type AddressRecord, type Event, FLAGS } from '../../events/event.ts';
import { UNDATED } from '../../events/event-id.ts';
import { createIdentities, createVerdicts, type Judged } from '../ingest/index.ts';
import type { BadLine } from './imports.queries.ts';
import { createLineIds } from './line-ids.ts';
import { MAX_LINE_BYTES, type RawLine } from './line-reader.ts';
import { createLineScanner, type ScannedRequest } from './line-scanner.ts';
import type { Match, Matcher } from './rules.ts';
import { createVisitorHash } from './visitor-hash.ts';

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
  /** Seals the address, under the key of the day of receipt; at once where that key is at hand. */
  readonly finish: (made: LineEvent, receivedAt: number) => Promise<Event> | Event;
}

export function createLineEvents(options: LineEventsOptions): LineEvents {
  const verdicts = createVerdicts();
  const identities = createIdentities(options.secrets);
  const lineId = createLineIds(options.idKey);
  const visitor = createVisitors(options.salt);
  const scanner = createLineScanner();

  function toEvent(request: ScannedRequest, match: Match, raw: RawLine, now: number): LineEvent {
    const subject = { kind: 'campaign', id: options.campaignId(match.campaign) } as const;
    const { at, target } = request;
    const { host, userAgent, referrer } = scanner.client();
    const { actor, ip } = visitor(host, userAgent, at);
    const id = lineId(raw);
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
        page: target,
      },
      ip,
    };
  }

  return {
    next: (raw, number, now) => {
      if (raw.length > MAX_LINE_BYTES) return { bad: toBadLine(raw, number, 'longer than 64 KB') };
      if (raw.from === raw.to) return undefined;
      const request = scanner.read(raw);
      if ('problem' in request) return { bad: toBadLine(raw, number, request.problem) };
      const match = options.match(request);
      return match && { event: toEvent(request, match, raw, now) };
    },
    finish: ({ event, ip }, receivedAt) => {
      const address = ip === undefined ? undefined : identities.address(ip, receivedAt);
      const seal = (sealed: AddressRecord | undefined) => ({ ...event, receivedAt, address: sealed });
      return address instanceof Promise ? address.then(seal) : seal(address);
    },
  };
}

interface Visitor {
  readonly actor: string;
  readonly ip: string | undefined;
}

/** The visitor behind a line, a stranger the day after. */
function createVisitors(salt: Buffer): (host: string, userAgent: string | undefined, at: number) => Visitor {
  const hashOf = createVisitorHash(salt);
  const visitors = new LRUCache<string, Visitor>({ max: VISITORS_KEPT });
  let last: { host: string; userAgent: string | undefined; day: number; visitor: Visitor } | undefined;
  return (host, userAgent, at) => {
    const day = Math.floor(at / DAY_MS);
    // Who asks for one page often asks for the next.
    if (last?.day === day && last.host === host && last.userAgent === userAgent) return last.visitor;
    const text = `${host}|${userAgent ?? ''}|${day}`;
    let visitor = visitors.get(text);
    if (visitor === undefined) {
      visitor = { actor: hashOf(text), ip: isIP(host) === 0 ? undefined : host };
      visitors.set(text, visitor);
    }
    last = { host, userAgent, day, visitor };
    return visitor;
  };
}

function toBadLine(raw: RawLine, number: number, why: string): BadLine {
  const bytes = raw.source.subarray(raw.from, raw.to);
  const cut = raw.length > MAX_LINE_BYTES ? { bytes: raw.length, truncated: true } : {};
  return {
    number,
    reason: 'unreadable_line',
    detail: `line ${number}: ${why}`,
    payload: { ...toLossless(bytes), ...cut },
  };
}

/** Text where text can hold it: jsonb knows no NUL, and decoding must give the same bytes back. */
function toLossless(bytes: Buffer): { line: string; encoding: 'utf8' | 'base64' } {
  const text = bytes.toString('utf8');
  const lossless = !bytes.includes(0) && Buffer.from(text, 'utf8').equals(bytes);
  return lossless ? { line: text, encoding: 'utf8' } : { line: bytes.toString('base64'), encoding: 'base64' };
}
