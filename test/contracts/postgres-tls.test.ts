import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkServer } from '../../src/db/check-server.ts';
import { AppError } from '../../src/kit/errors.ts';
import { openRig } from '../../src/proof/drill/rig.ts';
import { type Authority, makeAuthority } from '../support/certificates.ts';
import {
  makeOwnedDatabase,
  type OwnPostgres,
  openOwnPostgres,
  withoutOwnPostgres,
} from '../support/own-postgres.ts';
import { makeServerFolder } from '../support/own-server.ts';

describe('TLS to PostgreSQL', { concurrency: false }, () => {
  const skip = withoutOwnPostgres;
  const dir = skip ? '' : makeServerFolder('tls');
  let server: OwnPostgres;
  let ours: Authority;
  let theirs: Authority;
  let url: string;
  before(async () => {
    if (skip) return;
    ours = makeAuthority(dir, 'ours');
    theirs = makeAuthority(dir, 'theirs');
    const { key, certificate } = ours.issue('database', 'DNS:localhost');
    const settings = ['ssl = on', `ssl_key_file = '${key}'`, `ssl_cert_file = '${certificate}'`];
    server = await openOwnPostgres(dir, { settings });
    await makeOwnedDatabase(server, 'weir');
    url = server.url('weir', 'weir', 'localhost');
    await insist();
  });
  after(async () => {
    if (skip) return;
    await server?.end('SIGINT');
    rmSync(dir, { recursive: true, force: true });
  });

  /** From now on the server lets nobody but its superuser in without TLS. */
  const insist = async () => {
    const lines = ['hostssl all all all scram-sha-256', 'host all postgres all scram-sha-256'];
    writeFileSync(join(dir, 'primary', 'pg_hba.conf'), `${lines.join('\n')}\n`);
    await server.query('select pg_reload_conf()');
  };
  const check = (at: string) =>
    checkServer({ url: at, variable: 'DATABASE_URL', keepsSession: true }).then(
      () => 'fit',
      (error: unknown) =>
        error instanceof AppError ? `${error.code} ${error.message}` : Promise.reject(error),
    );
  const full = (authority: Authority) => `sslmode=verify-full&sslrootcert=${authority.file}`;

  test('a server whose authority and name are known is used, and every connection is encrypted', {
    skip,
  }, async () => {
    const rig = await openRig({ dir, seed: 1, env: { DATABASE_URL: `${url}?${full(ours)}` } });
    try {
      await rig.server.start();
      await rig.makeCampaigns(1);
      const rows = await server.query<{ ssl: boolean; n: number }>(
        `select ssl, count(*)::int as n from pg_stat_ssl join pg_stat_activity using (pid)
         where datname = 'weir' and application_name like 'weir-%' group by ssl`,
      );
      assert.deepEqual(
        rows.map(({ ssl }) => ssl),
        [true],
      );
      assert.ok(rows[0]!.n >= 2);
    } finally {
      await rig.close();
    }
  });

  test('another authority', { skip }, async () => {
    for (const mode of [
      `?${full(theirs)}`,
      '?sslmode=verify-full',
      '?sslmode=require',
      '?sslmode=prefer',
      '?ssl=true',
    ])
      assert.match(
        await check(url + mode),
        /^conflict DATABASE_URL: .* authority that is not known here .*sslrootcert=/,
      );
  });

  test('another host', { skip }, async () => {
    const elsewhere = ours.issue('elsewhere', 'DNS:db.example.com');
    await server.query(`alter system set ssl_cert_file = '${elsewhere.certificate}'`);
    await server.query(`alter system set ssl_key_file = '${elsewhere.key}'`);
    await server.query('select pg_reload_conf()');
    assert.match(
      await check(`${url}?${full(ours)}`),
      /^conflict DATABASE_URL: .* is for another host .*db\.example\.com/,
    );
    await server.query('alter system reset ssl_cert_file');
    await server.query('alter system reset ssl_key_file');
    await server.query('select pg_reload_conf()');
    assert.equal(await check(`${url}?${full(ours)}`), 'fit');
  });

  test('a wrong password, a wrong database, a file that is not there', { skip }, async () => {
    const wrong = url.replace(/:[^:@]+@/, ':wrong@');
    const answer = await check(`${wrong}?${full(ours)}`);
    assert.match(answer, /^conflict DATABASE_URL: .* user or password is wrong\. Correct it in DATABASE_URL/);
    assert.doesNotMatch(answer, /wrong@/);
    assert.match(await check(`${url}x?${full(ours)}`), /^conflict DATABASE_URL: .*create database/);
    assert.match(
      await check(`${url}?sslmode=verify-full&sslrootcert=/no/ca.pem`),
      /^conflict DATABASE_URL: .*\/no\/ca\.pem/,
    );
  });

  test('nobody goes on without TLS: neither where the server insists, nor where it has none', {
    skip,
  }, async () => {
    assert.match(await check(url), /^conflict DATABASE_URL: .*no encryption.*sslmode=verify-full/);
    await server.query('alter system set ssl = off');
    await server.query('select pg_reload_conf()');
    for (const mode of [full(ours), 'sslmode=require', 'sslmode=prefer'])
      assert.match(await check(`${url}?${mode}`), /^conflict DATABASE_URL: the server has no TLS/);
  });

  test('nobody there', { skip }, async () => {
    assert.match(
      await check('postgres://weir:x@127.0.0.1:1/weir'),
      /^unavailable DATABASE_URL: .*ECONNREFUSED/,
    );
  });
});
