import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { createDiskObjects } from '../../src/engines/disk/disk-objects.ts';
import { createS3Objects } from '../../src/engines/s3/s3-objects.ts';
import { EngineError } from '../../src/kit/errors.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { type S3Server, startS3Server } from '../support/s3-server.ts';

interface Engine {
  readonly name: string;
  readonly open: () => Promise<{ store: ObjectStore; close: () => Promise<void> }>;
}

// No real S3 can be had here: the server checks each signature as S3 does.
const ENGINES: readonly Engine[] = [
  {
    name: 'of the disk',
    open: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'weir-objects-'));
      const store = createDiskObjects(folder);
      return { store, close: async () => rmSync(folder, { recursive: true }) };
    },
  },
  {
    name: 'of S3',
    open: async () => {
      const server = await startS3Server();
      return { store: createS3Objects(server.url), close: server.close };
    },
  },
];

for (const { name, open } of ENGINES)
  describe(`the object store ${name}`, () => {
    let store: ObjectStore;
    let close: () => Promise<void>;
    before(async () => {
      ({ store, close } = await open());
    });
    after(() => close?.());

    const read = async (key: string) => {
      const found = await store.get(key);
      return found && { bytes: found.bytes, body: await buffer(found.body) };
    };

    test('OS-1, OS-2: what was put is read back whole, the later one where it was put again', async () => {
      const large = Buffer.alloc(3_000_000, 'x');
      await store.put('ab/whole', large, 'image/png');
      const found = await read('ab/whole');
      assert.equal(found?.bytes, large.length);
      assert.ok(found?.body.equals(large));
      await store.put('ab/whole', Buffer.from('later'), 'image/png');
      assert.equal((await read('ab/whole'))?.body.toString(), 'later');
      assert.equal(await store.get('ab/none'), undefined);
    });

    test('OS-3: what is removed is gone, and removing it again is success', async () => {
      await store.put('cd/gone.thumbnail', Buffer.from('x'), 'image/webp');
      await store.remove('cd/gone.thumbnail');
      await store.remove('cd/gone.thumbnail');
      assert.equal(await store.get('cd/gone.thumbnail'), undefined);
    });
  });

describe('the object store of the disk', () => {
  test('OS-2: leaves nothing half written, and no key leads out of its folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-objects-'));
    const store = createDiskObjects(folder);
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => store.put('a/one', Buffer.from(`${at}`.repeat(1_000)), 'x')),
    );
    assert.deepEqual(readdirSync(join(folder, 'a')), ['one']);
    for (const key of ['../out', 'a/../../out', '/etc/passwd', 'a//b', ''])
      await assert.rejects(store.put(key, Buffer.from('x'), 'x'), /no key/);
    rmSync(folder, { recursive: true });
  });
});

describe('the object store of S3', () => {
  let server: S3Server;
  before(async () => {
    server = await startS3Server();
  });
  after(() => server?.close());

  const trouble = (retryable: boolean) => (error: unknown) =>
    error instanceof EngineError && error.retryable === retryable;

  test('OS-4: trouble may be tried again, a refusal or a missing bucket may not', async () => {
    const store = createS3Objects(server.url);
    server.fail(503);
    await assert.rejects(store.put('a', Buffer.from('x'), 'x'), trouble(true));
    server.fail(0);
    const stranger = createS3Objects(server.url.replace('test-key', 'other-key'));
    await assert.rejects(stranger.put('a', Buffer.from('x'), 'x'), trouble(false));
    const elsewhere = createS3Objects(server.url.replace('/weir?', '/other?'));
    await assert.rejects(elsewhere.put('a', Buffer.from('x'), 'x'), trouble(false));
    assert.equal(server.objects.size, 0);
    await assert.rejects(createS3Objects('http://k:s@127.0.0.1:9/b').get('a'), trouble(true));
  });
});
