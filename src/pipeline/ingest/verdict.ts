import { isbot } from 'isbot';
import { LRUCache } from 'lru-cache';
import {
  EVENT_TYPES,
  type EventType,
  RULE_VERSIONS,
  type Rule,
  SUBJECT_KINDS,
  type Subject,
  type SubjectKind,
  type Verdict,
} from '../../events/event.ts';
import { createRecentKeys } from '../../kit/recent-keys.ts';
import { writeWords } from '../../kit/uuid-words.ts';

const REPEAT_MS = 2_000;
const WINDOW_MS = 60_000;
/** Events of one actor in a minute; more are flagged, ten times as many are refused. */
export const RATE_PER_MINUTE = 120;
const REFUSED_AT = RATE_PER_MINUTE * 10;
const ACTORS_KEPT = 200_000;
const UUID_WORDS = 4;
const NONE = -1;

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

/**
 * Judges events as they are accepted. State lives in this process: two servers each see their own half of an actor's
 * repeats. Memory is bounded; who was forgotten starts anew.
 */
export function createVerdicts(): Verdicts {
  const bots = new LRUCache<string, boolean>({ max: 10_000 });
  const rates = createRates();
  const repeats = createRepeats();

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

  return {
    judge: (event) => {
      const rules = RULES_OF[event.subject.kind];
      if (event.prefetch) return INVALID.prefetch;
      if (rules.has('bot') && isBot(event.userAgent)) return INVALID.bot;
      if (rules.has('rate') && rates.of(event.actor) > RATE_PER_MINUTE) return INVALID.rate;
      if (rules.has('repeat') && repeats.has(event)) return INVALID.repeat;
      return VALID;
    },
    committed: repeats.add,
    exceeds: (actor, at) => {
      rates.add(actor, at);
      return rates.of(actor) > REFUSED_AT;
    },
  };
}

/** How many events an actor has in the last minute, by the sliding window over two fixed ones. */
function createRates() {
  const actors = createRecentKeys(ACTORS_KEPT, UUID_WORDS);
  const start = new Float64Array(ACTORS_KEPT);
  // The instant of the last event: `of` speaks of the one that was counted just before.
  const last = new Float64Array(ACTORS_KEPT);
  const count = new Uint32Array(ACTORS_KEPT);
  const before = new Uint32Array(ACTORS_KEPT);
  let recent = { actor: '', slot: NONE };

  /** Who is judged was counted just before, and the events of a batch have one actor. */
  function find(actor: string): number {
    if (recent.actor !== actor) {
      writeWords(actor, actors.key, 0);
      recent = { actor, slot: actors.find() };
    }
    return recent.slot;
  }

  function open(slot: number, startAt: number, countBefore: number): void {
    start[slot] = startAt;
    count[slot] = 1;
    before[slot] = countBefore;
  }

  return {
    of: (actor: string): number => {
      const slot = find(actor);
      if (slot === NONE) return 0;
      return count[slot]! + before[slot]! * (1 - Math.max(0, last[slot]! - start[slot]!) / WINDOW_MS);
    },
    add: (actor: string, at: number): void => {
      let slot = find(actor);
      if (slot === NONE) {
        slot = actors.add();
        recent = { actor, slot };
        open(slot, at, 0);
      } else if (at - start[slot]! >= 2 * WINDOW_MS) open(slot, at, 0);
      else if (at - start[slot]! >= WINDOW_MS) open(slot, start[slot]! + WINDOW_MS, count[slot]!);
      else count[slot]! += 1;
      last[slot] = at;
    },
  };
}

/** The last event of each actor, subject and type that was not itself a repeat. */
function createRepeats() {
  const deeds = createRecentKeys(ACTORS_KEPT, UUID_WORDS + 2);
  const times = new Float64Array(ACTORS_KEPT);
  const ids = new Int32Array(ACTORS_KEPT * UUID_WORDS);
  const id = new Int32Array(UUID_WORDS);
  let asked: Judged | undefined;

  function find(event: Judged): number {
    // Who is judged and committed in one go is written down once.
    if (asked !== event) {
      const { actor, subject, type } = event;
      writeWords(actor, deeds.key, 0);
      deeds.key[UUID_WORDS] = subject.id;
      // An id has 53 bits, so 21 stand here, with kind and type above them.
      deeds.key[UUID_WORDS + 1] =
        Math.floor(subject.id / 2 ** 32) | (SUBJECT_KINDS[subject.kind] << 24) | (EVENT_TYPES[type] << 28);
      asked = event;
    }
    return deeds.find();
  }

  function isAt(slot: number, event: Judged): boolean {
    if (slot === NONE || !(Math.abs(event.at - times[slot]!) <= REPEAT_MS)) return false;
    // The same event once more is no repeat of itself.
    writeWords(event.id, id, 0);
    return id.some((word, index) => word !== ids[slot * UUID_WORDS + index]);
  }

  return {
    has: (event: Judged): boolean => isAt(find(event), event),
    add: (event: Judged): void => {
      const found = find(event);
      if (isAt(found, event)) return;
      const slot = found === NONE ? deeds.add() : found;
      times[slot] = event.at;
      writeWords(event.id, ids, slot * UUID_WORDS);
    },
  };
}
