import type { PushMessage } from '../../ports/push.ts';

const SEOUL_OFFSET_MS = 9 * 3_600_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const NIGHT_FROM = 21;
const NIGHT_TO = 8;

export interface Consent {
  readonly ads: boolean;
  readonly ads_night: boolean;
}

export type Permission =
  | { readonly allowed: 'now' | 'never' }
  /** Night: to be looked at again then. */
  | { readonly allowed: 'later'; readonly at: Date };

/**
 * Whether a member may be sent an advertising message now: only with consent, and between 21:00 and 08:00 only with one for
 * the night (Act on Promotion of Information and Communications Network Utilization and Information Protection, Article
 * 50 (1), (3)). Korea's time, wherever the member is: the law's own night.
 */
export function permitAdvertising({ ads, ads_night }: Consent, at: Date): Permission {
  if (!ads) return { allowed: 'never' };
  const local = at.getTime() + SEOUL_OFFSET_MS;
  const midnight = Math.floor(local / DAY_MS) * DAY_MS;
  const hour = Math.floor((local - midnight) / HOUR_MS);
  const isNight = hour >= NIGHT_FROM || hour < NIGHT_TO;
  if (!isNight || ads_night) return { allowed: 'now' };
  const morning = midnight + (hour < NIGHT_TO ? 0 : DAY_MS) + NIGHT_TO * HOUR_MS;
  return { allowed: 'later', at: new Date(morning - SEOUL_OFFSET_MS) };
}

/** Labelled at its beginning, with the way to withdraw consent at its end (Article 50 (4) and its Enforcement Decree, Annex 6). */
export function labelAdvertising(message: PushMessage, language: 'ko' | 'en'): PushMessage {
  const optOut = language === 'ko' ? '수신거부: 알림 설정' : 'Opt out: notification settings';
  return { ...message, title: `(광고) ${message.title}`, body: `${message.body}\n${optOut}` };
}
