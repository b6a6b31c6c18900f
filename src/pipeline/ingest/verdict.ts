import { isbot } from 'isbot';
import { LRUCache } from 'lru-cache';
import {
  type EventType,
  RULE_VERSIONS,
  type Rule,
  type Subject,
  type SubjectKind,
  type Verdict,
} from '../../events/event.ts';

const REPEAT_MS = 2_000;
const WINDOW_MS = 60_000;
/** Events of one actor in a minute; more are flagged, ten times as many are refused. */
export const RATE_PER_MINUTE = 120;
const REFUSED_AT = RATE_PER_MINUTE * 10;
const ACTORS_KEPT = 200_000;

const VALID: Verdict = { valid: true };
const INVALID = Object.fromEntries(
  Object.entries(RULE_VERSIONS).map(([rule, ruleVersion]) => [rule, { valid: false, rule, ruleVersion }]),
) as Record<Rule, Verdict>;

/** A kind of subject has its own rules: a post knows prefetch alone. */
const RULES_OF: Readonly<Record<SubjectKind, ReadonlySet<Rule>>> = {
  campaign: new Set<Rule>(['prefetch', 'bot', 'rate', 'repeat']),
  post: new Set<Rule>(['prefetch']),
};

export interface Judged {
  readonly id: string;
  readonly subject: Subject;
  readonly type: EventType;
  readonly actor: string;
  readonly at: number;
  readonly userAgent: string | undefined;
  readonly prefetch: boolean;
}

export interface Verdicts {
  readonly judge: (event: Judged) => Verdict;
  /** Tells of an event that is now durable: only then may it make a later one a repeat. */
  readonly committed: (event: Judged) => void;
  /**
   * Counts one more event of an actor, before it is judged; true where there are so many that it is to be refused. `at`
   * is the monotonic clock (an import: log time): a wall clock that steps back must not stretch the minute to a day.
   */
  readonly exceeds: (actor: string, at: number) => boolean;
}

interface Window {
  start: number;
  /** The instant of the last event: `judge` speaks of the one that was counted just before. */
  at: number;
  count: number;
  before: number;
}

/**
 * Judges events as they are accepted. State lives in this process: two servers each see their own half of an actor's
 * repeats. Memory is bounded; who was forgotten starts anew.
 */
export function createVerdicts(): Verdicts {
  const bots = new LRUCache<string, boolean>({ max: 10_000 });
  const last = new LRUCache<string, { id: string; at: number }>({ max: ACTORS_KEPT });
  const windows = new LRUCache<string, Window>({ max: ACTORS_KEPT });
  let asked: { readonly event: Judged; readonly key: string } | undefined;
  let recent: { readonly actor: string; readonly window: Window } | undefined;

  function isBot(agent: string | undefined): boolean {
    // No agent at all: no browser does that.
    if (!agent) return true;
    let known = bots.get(agent);
    if (known === undefined) {
      known = isbot(agent);
      bots.set(agent, known);
    }
    return known;
  }

  /** `judge` asks for the actor that was counted just before, and the events of a batch have one. */
  function findWindow(actor: string): Window | undefined {
    if (recent?.actor === actor) return recent.window;
    const window = windows.get(actor);
    if (window) recent = { actor, window };
    return window;
  }

  function open(actor: string, window: Window): void {
    windows.set(actor, window);
    recent = { actor, window };
  }

  /** Events in the last minute, by the sliding window over two fixed ones. */
  function rate(actor: string): number {
    const window = findWindow(actor);
    if (!window) return 0;
    return window.count + window.before * (1 - Math.max(0, window.at - window.start) / WINDOW_MS);
  }

  function addToRate(actor: string, at: number): void {
    const window = findWindow(actor);
    if (!window || at - window.start >= 2 * WINDOW_MS) {
      open(actor, { start: at, at, count: 1, before: 0 });
    } else if (at - window.start >= WINDOW_MS) {
      open(actor, { start: window.start + WINDOW_MS, at, count: 1, before: window.count });
    } else {
      window.count += 1;
      window.at = at;
    }
  }

  /** Who is judged and committed in one go is looked up once. */
  function keyOf(event: Judged): string {
    if (asked?.event !== event) asked = { event, key: repeatKey(event) };
    return asked.key;
  }

  function isRepeat(event: Judged): boolean {
    const before = last.get(keyOf(event));
    return before !== undefined && before.id !== event.id && Math.abs(event.at - before.at) <= REPEAT_MS;
  }

  return {
    judge: (event) => {
      const rules = RULES_OF[event.subject.kind];
      if (event.prefetch) return INVALID.prefetch;
      if (rules.has('bot') && isBot(event.userAgent)) return INVALID.bot;
      if (rules.has('rate') && rate(event.actor) > RATE_PER_MINUTE) return INVALID.rate;
      if (rules.has('repeat') && isRepeat(event)) return INVALID.repeat;
      return VALID;
    },
    committed: (event) => {
      if (!isRepeat(event)) last.set(keyOf(event), { id: event.id, at: event.at });
    },
    exceeds: (actor, at) => {
      addToRate(actor, at);
      return rate(actor) > REFUSED_AT;
    },
  };
}

function repeatKey(event: Judged): string {
  return `${event.actor}${event.type}${event.subject.kind}${event.subject.id}`;
}
