import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import type { AccessClaims } from './access-tokens.ts';
import { createRevocations } from './revocations.ts';

const log = pino({ level: 'silent' });
const claims: AccessClaims = {
  memberId: 7,
  actorId: 'a',
  roles: ['member'],
  sessionId: 's',
  tokenVersion: 3,
};
const NOTHING = { sessions: [], members: [] };

describe('revocations', () => {
  test('before the first poll, and 5 s after the last good one, nobody is let in', async () => {
    let now = 0;
    const clock = { now: () => 0, monotonicMs: () => now };
    const revocations = createRevocations({ clock, log, read: () => Promise.resolve(NOTHING) });
    assert.throws(() => revocations.check(claims), { code: 'unavailable' });
    await revocations.start();
    await revocations.stop();
    now = 5_000;
    revocations.check(claims);
    now = 5_001;
    assert.throws(() => revocations.check(claims), { code: 'unavailable' });
  });
  test('a start without a database fails', async () => {
    const clock = { now: () => 0, monotonicMs: () => 0 };
    const revocations = createRevocations({ clock, log, read: () => Promise.reject(new Error('down')) });
    await assert.rejects(revocations.start(), /down/);
  });
  test('older versions of a member’s tokens are dead, newer ones live', async () => {
    const clock = { now: () => 0, monotonicMs: () => 0 };
    const read = () => Promise.resolve({ sessions: ['gone'], members: [{ id: 7, token_version: 3 }] });
    const revocations = createRevocations({ clock, log, read });
    await revocations.start();
    await revocations.stop();
    revocations.check(claims);
    assert.throws(() => revocations.check({ ...claims, tokenVersion: 2 }), { code: 'not_signed_in' });
    assert.throws(() => revocations.check({ ...claims, sessionId: 'gone' }), { code: 'not_signed_in' });
  });
  test('an own revocation is not lost to a poll that began before it', async () => {
    const clock = { now: () => 0, monotonicMs: () => 0 };
    let answer: (found: typeof NOTHING) => void = () => undefined;
    const read = () => new Promise<typeof NOTHING>((resolve) => (answer = resolve));
    const revocations = createRevocations({ clock, log, read });
    const starting = revocations.start();
    revocations.addSession('s');
    revocations.addMember(8, 2);
    answer(NOTHING);
    await starting;
    assert.throws(() => revocations.check(claims), { code: 'not_signed_in' });
    assert.throws(() => revocations.check({ ...claims, sessionId: 't', memberId: 8, tokenVersion: 1 }), {
      code: 'not_signed_in',
    });
    await revocations.stop();
  });
});
