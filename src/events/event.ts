/**
 * The event envelope: what travels from the request to the counters, whichever engine carries it. Codes are what the
 * stores hold; names are what people and JSON see. A code is never used again for something else.
 */

export const SUBJECT_KINDS = { campaign: 1, post: 2 } as const;
export type SubjectKind = keyof typeof SUBJECT_KINDS;

export interface Subject {
  readonly kind: SubjectKind;
  readonly id: number;
}

export const EVENT_TYPES = { view: 1, true_view: 2, click: 3 } as const;
export type EventType = keyof typeof EVENT_TYPES;

export const EVENT_SOURCES = { api: 1, pixel: 2, redirect: 3, import: 4, server: 5 } as const;
export type EventSource = keyof typeof EVENT_SOURCES;

/** Why an event is invalid traffic. Code 0 in the stores means valid. */
export const RULES = { prefetch: 1, bot: 2, rate: 3, repeat: 4 } as const;
export type Rule = keyof typeof RULES;

/** Bumped when a rule would judge the same event differently; travels with the event. */
export const RULE_VERSIONS: Readonly<Record<Rule, number>> = { prefetch: 1, bot: 1, rate: 1, repeat: 1 };

/** `valid`, or invalid with the rule that says so. Decided once, at accept. */
export type Verdict =
  | { readonly valid: true }
  | { readonly valid: false; readonly rule: Rule; readonly ruleVersion: number };

/** Bits: what the clock rules did to an event. */
export const FLAGS = { too_old: 1, in_future: 2 } as const;
export type Flag = keyof typeof FLAGS;

/** A client's address as it is kept: the network in the clear, a keyed hash, and the whole one sealed by a day's key. */
export interface AddressRecord {
  /** The /24 (IPv4) or /48 (IPv6), as CIDR text. */
  readonly network: string;
  /** 8 bytes. */
  readonly hash: Buffer;
  /** 16 bytes. */
  readonly sealed: Buffer;
}

export interface Event {
  /** UUID in canonical lower-case text. */
  readonly id: string;
  /** Days since 1970-01-01 (UTC) out of a UUIDv7, or `UNDATED`: the partition, a pure function of the id. */
  readonly day: number;
  readonly subject: Subject;
  readonly type: EventType;
  /** Milliseconds since the epoch. */
  readonly occurredAt: number;
  readonly receivedAt: number;
  /** UUID text: a member's own actor id (version 4), or a visitor's salted hash (version 8). */
  readonly actor: string;
  /** Whether the actor is a signed-in member. */
  readonly member: boolean;
  readonly verdict: Verdict;
  /** Bits of `FLAGS`. */
  readonly flags: number;
  readonly source: EventSource;
  readonly address: AddressRecord | undefined;
  readonly userAgent: string | undefined;
  readonly referrer: string | undefined;
  readonly page: string | undefined;
}

const names = <T extends Record<string, number>>(codes: T): ReadonlyMap<number, keyof T & string> =>
  new Map(Object.entries(codes).map(([name, code]) => [code, name as keyof T & string]));

export const EVENT_TYPE_NAMES: ReadonlyMap<number, EventType> = names(EVENT_TYPES);
export const RULE_NAMES: ReadonlyMap<number, Rule> = names(RULES);
export const SUBJECT_KIND_NAMES: ReadonlyMap<number, SubjectKind> = names(SUBJECT_KINDS);

export function flagNames(bits: number): Flag[] {
  return (Object.keys(FLAGS) as Flag[]).filter((flag) => (bits & FLAGS[flag]) !== 0);
}
