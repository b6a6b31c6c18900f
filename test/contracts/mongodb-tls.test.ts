import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { openMongoRaw } from '../../src/engines/mongodb/mongo-raw.ts';
import { EngineError } from '../../src/kit/errors.ts';
import { type Authority, makeAuthority } from '../support/certificates.ts';
import { testLog } from '../support/database.ts';
import { type Mongod, openMongod, withoutMongod } from '../support/mongod.ts';
import { makeServerFolder } from '../support/own-server.ts';

const USER = { username: 'weir', password: 'nine-grey-pebbles' };

describe('TLS to MongoDB', { concurrency: false }, () => {
  const skip = withoutMongod;
  const dir = skip ? '' : makeServerFolder('mongodb-tls');
  let mongod: Mongod;
  let ours: Authority;
  let theirs: Authority;
  before(async () => {
    if (skip) return;
    ours = makeAuthority(dir, 'ours');
    theirs = makeAuthority(dir, 'theirs');
    // For its name only, not for its address: then the address is another host.
    const certificate = ours.issue('mongod', 'DNS:localhost');
    mongod = await openMongod(dir, { certificate, authority: ours.file, ...USER });
  });
  after(async () => {
    if (skip) return;
    await mongod?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const url = ({ host = 'localhost', password = USER.password, options = '' } = {}) => {
    const { port } = new URL(mongod.url);
    return `mongodb://${USER.username}:${password}@${host}:${port}/weir?authSource=admin&replicaSet=weir${options}`;
  };
  const trusting = (authority: Authority) => `&tls=true&tlsCAFile=${authority.file}`;
  const look = async (at: string) => {
    const raw = await openMongoRaw({ url: at, log: testLog });
    try {
      return await raw.recording.version();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return error.message;
    } finally {
      await raw.close();
    }
  };

  test('a server whose authority and name are known is used', { skip }, async () => {
    assert.match(await look(url({ options: trusting(ours) })), /^\d+\.\d+/);
  });

  test('another authority, and none that is known', { skip }, async () => {
    for (const options of [trusting(theirs), '&tls=true'])
      assert.match(
        await look(url({ options })),
        /MONGODB_URL: .* authority that is not known here .*tlsCAFile=/,
      );
  });

  test('another host', { skip }, async () => {
    const at = url({ host: '127.0.0.1', options: trusting(ours) });
    assert.match(await look(at), /MONGODB_URL: .* is for another host/);
  });

  test('a wrong password', { skip }, async () => {
    const answer = await look(url({ password: 'wrong', options: trusting(ours) }));
    assert.match(answer, /MONGODB_URL: MongoDB refuses the user or its password/);
    assert.doesNotMatch(answer, /wrong@/);
  });

  test('without TLS nothing is read', { skip }, async () => {
    assert.match(await look(url()), /^mongodb: .* failed/);
  });
});
