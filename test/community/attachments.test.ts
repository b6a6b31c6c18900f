import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { createDiskObjects } from '../../src/engines/disk/disk-objects.ts';
import {
  deleteUnfinished,
  eraseAttachments,
  registerAttachmentRoutes,
  removeAttachment,
} from '../../src/features/attachments/index.ts';
import { EngineError } from '../../src/kit/errors.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMemberApp, insertMembers } from '../support/member-app.ts';

const QUOTA = 300_000;

describe('attachments', () => {
  let database: TestDatabase;
  let app: ReturnType<typeof createMemberApp>;
  let [mina, jun, sora]: number[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'weir-attachments-'));
  const disk = createDiskObjects(folder);
  let broken = false;
  const objects: ObjectStore = {
    ...disk,
    put: async (key, bytes, type) => {
      if (broken)
        throw new EngineError({
          engine: 's3',
          operation: 'put',
          retryable: true,
          mayHaveHappened: true,
          cause: 'down',
        });
      return disk.put(key, bytes, type);
    },
  };
  before(async () => {
    database = await openTestDatabase();
    [mina, jun, sora] = await insertMembers(database.db, ['Mina', 'Jun', 'Sora']);
    app = createMemberApp();
    registerAttachmentRoutes(app, { db: database.db, objects, quotaBytes: QUOTA });
    await app.ready();
  });
  after(async () => {
    await app?.close();
    await database?.close();
    rmSync(folder, { recursive: true });
  });

  const upload = async (member: number, payload: Buffer, type = 'application/octet-stream', headers = {}) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/api/attachments',
      headers: { authorization: `Bearer ${member}`, 'content-type': type, ...headers },
      payload,
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  const get = (url: string) => app.inject({ method: 'GET', url });
  const own = async (member: number) =>
    (
      await app.inject({
        method: 'GET',
        url: '/api/attachments',
        headers: { authorization: `Bearer ${member}` },
      })
    ).json();
  const paint = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#36c' } });
  const files = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length;

  test('an image is kept upright, without where and by what it was taken, and with a thumbnail', async () => {
    const photo = await paint(800, 400)
      .withExif({
        IFD0: { Copyright: 'secret-owner', Orientation: '6' },
        IFD3: { GPSLatitude: '37/1 33/1 0/1' },
      })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { status, body } = await upload(mina!, photo, 'text/plain');
    assert.equal(status, 201);
    assert.deepEqual([body.type, body.width, body.height], ['image/jpeg', 400, 800]);
    const whole = await get(body.url);
    assert.equal(whole.headers['content-type'], 'image/jpeg');
    assert.equal(whole.headers['x-content-type-options'], 'nosniff');
    assert.match(String(whole.headers['content-security-policy']), /sandbox/);
    const metadata = await sharp(whole.rawPayload).metadata();
    assert.deepEqual(
      [metadata.width, metadata.height, metadata.exif, metadata.orientation],
      [400, 800, undefined, undefined],
    );
    assert.ok(!whole.rawPayload.includes('secret-owner'));
    const small = await sharp((await get(body.thumbnail_url)).rawPayload).metadata();
    assert.deepEqual([small.format, small.width, small.height], ['webp', 160, 320]);
  });

  test('PNG, WebP and GIF stay what they are; anything else is refused whatever it is called', async () => {
    for (const format of ['png', 'webp', 'gif'] as const) {
      const { status, body } = await upload(mina!, await paint(40, 30).toFormat(format).toBuffer());
      assert.deepEqual([status, body.type, body.width], [201, `image/${format}`, 40]);
    }
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>',
    );
    const html = Buffer.from('<html><script>alert(1)</script></html>');
    const png = await paint(40, 30).png().toBuffer();
    for (const bytes of [
      svg,
      html,
      randomBytes(1_000),
      await paint(9, 9).tiff().toBuffer(),
      png.subarray(0, 60),
    ])
      assert.equal((await upload(mina!, bytes, 'image/png')).status, 422);
    assert.equal((await upload(mina!, Buffer.alloc(0))).status, 400);
    assert.equal((await upload(mina!, Buffer.alloc(10 * 2 ** 20 + 1))).status, 413);
    assert.equal((await upload(0.5, png)).status, 401);
  });

  test('a small file that unpacks to a huge picture is refused before it is unpacked', async () => {
    const bomb = await sharp({
      create: { width: 8_000, height: 8_000, channels: 3, background: '#000' },
      limitInputPixels: false,
    })
      .png({ compressionLevel: 9 })
      .toBuffer();
    assert.ok(bomb.length < 2_000_000);
    const { status, body } = await upload(mina!, bomb);
    assert.equal(status, 422);
    assert.match(body.detail, /million pixels|too large/);
  });

  test('what hides behind an image does not survive', async () => {
    const png = await paint(40, 30).png().toBuffer();
    const { body } = await upload(mina!, Buffer.concat([png, Buffer.from('<script>alert(1)</script>')]));
    assert.ok(!(await get(body.url)).rawPayload.includes('script'));
  });

  test('the quota holds for many at once, and a deleted one gives its room back', async () => {
    const noise = await sharp(randomBytes(200 * 200 * 3), { raw: { width: 200, height: 200, channels: 3 } })
      .png()
      .toBuffer();
    const answers = await Promise.all(Array.from({ length: 6 }, () => upload(jun!, noise)));
    const kept = answers.filter((one) => one.status === 201);
    assert.ok(kept.length > 0 && answers.every((one) => [201, 409].includes(one.status)));
    const { used_bytes, results } = await own(jun!);
    assert.equal(results.length, kept.length);
    assert.ok(used_bytes <= QUOTA && used_bytes > QUOTA - noise.length - 50_000);
    const [first] = kept;
    const remove = (member: number) =>
      app.inject({ method: 'DELETE', url: first!.body.url, headers: { authorization: `Bearer ${member}` } });
    assert.equal((await remove(mina!)).statusCode, 404);
    assert.equal((await remove(jun!)).statusCode, 204);
    assert.equal((await get(first!.body.url)).statusCode, 404);
    const before = files();
    const [job] = await database.db.query<{ payload: { attachment_id: string } }>(
      `select payload from jobs where kind = 'remove-attachment'`,
    );
    for (let times = 0; times < 2; times += 1)
      await removeAttachment({ db: database.db, objects }, job!.payload);
    assert.equal(files(), before - 2);
    assert.equal((await upload(jun!, noise)).status, 201);
  });

  test('an upload that was cut off is removed with its objects an hour later', async () => {
    const png = await paint(40, 30).png().toBuffer();
    broken = true;
    const { status } = await upload(sora!, png);
    broken = false;
    assert.equal(status, 503);
    assert.deepEqual((await own(sora!)).results, []);
    await database.db.query(
      `update attachments set created_at = now() - interval '2 hours' where ready_at is null`,
    );
    await deleteUnfinished(database.db);
    const jobs = await database.db.query<{ payload: { attachment_id: string } }>(
      `select payload from jobs where kind = 'remove-attachment'`,
    );
    for (const { payload } of jobs) await removeAttachment({ db: database.db, objects }, payload);
    assert.equal((await database.db.query('select 1 from attachments where ready_at is null')).length, 0);
    assert.equal((await own(sora!)).used_bytes, 0);
  });

  test('one key keeps one image, however often and at once it is sent', async () => {
    const key = { 'idempotency-key': 'image' };
    const png = await paint(44, 33).png().toBuffer();
    const before = (await own(mina!)).results.length;
    const answers = await Promise.all(Array.from({ length: 6 }, () => upload(mina!, png, 'image/png', key)));
    assert.deepEqual(new Set(answers.map((one) => `${one.status} ${one.body.id}`)).size, 1);
    assert.equal((await own(mina!)).results.length, before + 1);
    assert.equal((await upload(mina!, await paint(45, 33).png().toBuffer(), 'image/png', key)).status, 422);
  });

  test('of an erased member the images stay, and nothing says whose they were', async () => {
    const { body } = await upload(sora!, await paint(40, 30).png().toBuffer());
    await database.db.transaction((tx) => eraseAttachments(tx, sora!));
    assert.equal((await get(body.url)).statusCode, 200);
    assert.equal(
      (await database.db.query('select 1 from attachments where owner_id = $1', [sora])).length,
      0,
    );
  });
});
