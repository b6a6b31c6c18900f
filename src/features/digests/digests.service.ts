import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Db } from '../../db/pool.ts';
import type { JobPayloads } from '../../events/jobs.ts';
import { type Mail, toDigestMail } from './digest-mail.ts';
import { noteDigest, readDigest } from './digests.queries.ts';

/** Rejects with an EngineError where it may be tried again. */
export type SendMail = (mail: Mail) => Promise<void>;

export interface DigestDeps {
  readonly db: Db;
  readonly sendMail: SendMail;
  readonly origin: string;
  /** Makes links that take a member out of the list without signing in. */
  readonly key: Buffer;
}

export function toUnsubscribeToken(key: Buffer, memberId: number): string {
  return createHmac('sha256', key).update(`digest ${memberId}`).digest('base64url');
}

export function isUnsubscribeToken(key: Buffer, memberId: number, token: string): boolean {
  const wanted = Buffer.from(toUnsubscribeToken(key, memberId));
  const given = Buffer.from(token);
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

/** Sent first, then noted: a crash in between sends it again, under the same Message-ID. */
export async function sendDigest(deps: DigestDeps, payload: JobPayloads['send-digest']): Promise<void> {
  const { db, key, origin } = deps;
  const { member_id: memberId } = payload;
  const until = new Date(payload.until);
  const reader = await readDigest(db, memberId, until);
  if (!reader) return;
  if (reader.lines.length > 0) {
    const token = toUnsubscribeToken(key, memberId);
    await deps.sendMail(
      toDigestMail(reader, {
        origin,
        unsubscribeUrl: `${origin}/api/notifications/unsubscribe?member=${memberId}&token=${token}`,
        messageId: `<digest.${memberId}.${until.getTime()}@${new URL(origin).hostname}>`,
      }),
    );
  }
  await noteDigest(db, memberId, until);
}
