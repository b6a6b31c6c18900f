import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createSmtpMail, type SmtpMail } from '../../src/engines/smtp/smtp-mail.ts';
import { planDigests, registerDigestRoutes, sendDigest } from '../../src/features/digests/index.ts';
import { notifyOfComment } from '../../src/features/notifications/index.ts';
import { EngineError } from '../../src/kit/errors.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';
import { type SmtpServer, startSmtpServer } from '../support/smtp-server.ts';

/** 08:00 in Seoul, a Tuesday. */
const MORNING = new Date('2030-03-04T23:00:00Z');
const DAY_MS = 86_400_000;

describe('digests', () => {
  let database: TestDatabase;
  let smtp: SmtpServer;
  let mail: SmtpMail;
  let [author, mina, jun]: number[] = [];
  let post: number;
  const key = randomBytes(32);
  before(async () => {
    database = await openTestDatabase();
    smtp = await startSmtpServer();
    mail = createSmtpMail({ url: smtp.url, from: 'Weir <no-reply@example.com>' });
    const { db } = database;
    [author, mina, jun] = await insertMembers(db, ['Author', 'Mina', 'Jun']);
    const rows = await db.query<{ id: number }>(
      `with board as (insert into boards (title, title_key) values ('b', 'b') returning id)
       insert into posts (board_id, author_id, place, title, content, content_html)
       select id, $1, 1, '<등산> 후기', 'x', '' from board returning id`,
      [author],
    );
    post = rows[0]!.id;
  });
  after(async () => {
    await mail?.close();
    await smtp?.close();
    await database?.close();
  });
  beforeEach(async () => {
    await database.db.query(
      'truncate jobs, notifications, notification_groups, inboxes, notification_preferences',
    );
    smtp.mails.length = 0;
    smtp.refuse(0);
  });

  const prefer = (digest: string, zone = 'Asia/Seoul') =>
    database.db.query(
      `insert into notification_preferences (member_id, digest, time_zone) values ($1, $2, $3)`,
      [author, digest, zone],
    );
  const comment = async (by: number) => {
    const [row] = await database.db.query<{ id: number }>(
      `insert into comments (post_id, author_id, content, content_html) values ($1, $2, 'x', '') returning id`,
      [post, by],
    );
    await notifyOfComment(database.db, row!.id, new AbortController().signal);
  };
  const send = (until: Date) =>
    sendDigest(
      { db: database.db, sendMail: mail.send, origin: 'https://weir.example', key },
      { member_id: author!, until: until.toISOString() },
    );

  test('are planned in the member’s own morning, once, weekly ones on Mondays', async () => {
    await prefer('daily');
    assert.equal(await planDigests(database.db, new Date(MORNING.getTime() - 3_600_000)), 0);
    assert.equal(await planDigests(database.db, MORNING), 1);
    assert.equal(await planDigests(database.db, MORNING), 0);
    await database.db.query(`update notification_preferences set digest = 'weekly'`);
    const days = Array.from({ length: 7 }, (_, day) => new Date(MORNING.getTime() + (day + 1) * DAY_MS));
    const planned = [];
    for (const day of days) planned.push(await planDigests(database.db, day));
    assert.deepEqual(planned, [0, 0, 0, 0, 0, 1, 0]);
    await database.db.query(
      `update notification_preferences set time_zone = 'America/New_York', digest = 'daily'`,
    );
    assert.equal(await planDigests(database.db, MORNING), 0);
    assert.equal(await planDigests(database.db, new Date('2030-03-05T13:00:00Z')), 1);
  });

  test('tell what is unread, grouped, with links and a way out; the same once only', async () => {
    await prefer('daily');
    for (const by of [mina!, jun!, jun!]) await comment(by);
    await send(MORNING);
    await send(MORNING);
    assert.equal(smtp.mails.length, 1);
    const [text] = smtp.mails;
    assert.match(text!, /^To: author@example\.com\r$/m);
    assert.match(
      text!,
      new RegExp(`^Message-ID: <digest\\.${author}\\.${MORNING.getTime()}@weir\\.example>\r$`, 'm'),
    );
    assert.match(text!, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
    const bodies = decodeParts(text!);
    assert.match(bodies, /Jun님 외 1명이 ‘<등산> 후기’에 댓글을 남겼습니다\./);
    assert.match(bodies, /&lt;등산&gt; 후기/);
    assert.match(bodies, new RegExp(`https://weir\\.example/boards/\\d+/posts/${post}`));
  });

  test('are not sent where nothing is unread, and nothing of a type that is not wanted by mail', async () => {
    await prefer('daily');
    await send(MORNING);
    await comment(mina!);
    await database.db.query(
      `update notification_preferences set off = '{comment:email}', digest_to = now() - interval '1 day'`,
    );
    await send(MORNING);
    assert.equal(smtp.mails.length, 0);
  });

  test('a server in trouble is tried again, a refusal for good is not', async () => {
    await prefer('daily');
    await comment(mina!);
    const retryable = (expected: boolean) => (error: unknown) =>
      error instanceof EngineError && error.retryable === expected;
    smtp.refuse(451);
    await assert.rejects(send(MORNING), retryable(true));
    smtp.refuse(550);
    await assert.rejects(send(MORNING), retryable(false));
    smtp.refuse(0);
    await send(MORNING);
    assert.equal(smtp.mails.length, 1);
  });

  test('one click in a mail program ends them, by the token of that mail alone', async () => {
    await prefer('daily');
    await comment(mina!);
    await send(MORNING);
    const link = /List-Unsubscribe: <https:\/\/weir\.example([^>]+)>/.exec(unfold(smtp.mails[0]!))![1]!;
    const app = createMemberApp();
    registerDigestRoutes(app, { db: database.db, key });
    const call = createCaller(app);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal(
      (
        await call(
          undefined,
          'POST',
          link.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')),
          undefined,
          form,
        )
      ).status,
      404,
    );
    assert.equal(
      (await call(undefined, 'POST', link.replace(/member=\d+/, `member=${mina}`), undefined, form)).status,
      404,
    );
    assert.equal((await call(undefined, 'POST', link, undefined, form)).status, 200);
    const [row] = await database.db.query<{ digest: string }>('select digest from notification_preferences');
    assert.equal(row!.digest, 'off');
    await app.close();
  });
});

function unfold(mail: string): string {
  return mail.replaceAll(/\r\n[ \t]+/g, ' ');
}

/** Bodies of a multipart mail: base64 or quoted-printable. */
function decodeParts(mail: string): string {
  const parts = mail.split(/\r\n--[^\r\n]+\r\n/).slice(1);
  return parts
    .map((part) => {
      const [head, ...body] = part.split('\r\n\r\n');
      const text = body.join('\r\n\r\n');
      if (/base64/i.test(head!)) return Buffer.from(text, 'base64').toString();
      const bytes = text
        .replaceAll(/=\r\n/g, '')
        .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      return Buffer.from(bytes, 'latin1').toString();
    })
    .join('\n');
}
