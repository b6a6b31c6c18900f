import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { KafkaSaslMechanism, KafkaSettings } from '../../src/engines/kafka/kafka-client.ts';
import { openKafkaLog } from '../../src/engines/kafka/kafka-log.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { AppError } from '../../src/kit/errors.ts';
import { openRig } from '../../src/proof/drill/rig.ts';
import { openScratch } from '../../src/proof/drill/scratch.ts';
import { buildEvent } from '../support/builders.ts';
import { type Authority, makeAuthority } from '../support/certificates.ts';
import { testLog } from '../support/database.ts';
import { KAFKA_USER, type OwnKafka, openOwnKafka, withoutOwnKafka } from '../support/own-kafka.ts';
import { makeServerFolder } from '../support/own-server.ts';
import { until } from '../support/until.ts';

describe('SASL and TLS to Kafka', { concurrency: false }, () => {
  const skip = withoutOwnKafka;
  const dir = skip ? '' : makeServerFolder('kafka-tls');
  let kafka: OwnKafka;
  let ours: Authority;
  let theirs: Authority;
  before(async () => {
    if (skip) return;
    ours = makeAuthority(dir, 'ours');
    theirs = makeAuthority(dir, 'theirs');
    // For its name only, not for its address: then the address is another host.
    kafka = await openOwnKafka(dir, ours.issue('broker', 'DNS:localhost'));
  });
  after(async () => {
    if (skip) return;
    await kafka?.end('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  const settings = (mechanism: KafkaSaslMechanism, parts: Partial<KafkaSettings> = {}): KafkaSettings => ({
    brokers: [kafka.broker],
    topic: 'weir-tls',
    partitions: 1,
    replication: 1,
    sasl: { mechanism, ...KAFKA_USER },
    tls: { ca: readFileSync(ours.file, 'utf8') },
    ...parts,
  });
  const open = (of: KafkaSettings) =>
    openKafkaLog({
      settings: of,
      clock: systemClock,
      log: testLog,
      writes: true,
      now: async () => new Date(),
    });
  const refusal = async (of: KafkaSettings) => {
    const begunAt = performance.now();
    const answer = await open(of).then(
      async (log) => {
        await log.close();
        return 'fit';
      },
      (error: unknown) =>
        error instanceof AppError ? `${error.code} ${error.message}` : Promise.reject(error),
    );
    assert.ok(performance.now() - begunAt < 10_000, 'what a broker refuses is said at once');
    return answer;
  };
  const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

  for (const mechanism of mechanisms)
    test(`${mechanism}: events are written and read`, { skip }, async () => {
      const log = await open(settings(mechanism));
      try {
        const event = buildEvent();
        const [outcome] = await log.append([event]);
        assert.equal(outcome?.status, 'kept');
        const { events } = await log.read(0, -1, 100);
        assert.ok(events.some((one) => one.event.id === event.id));
      } finally {
        await log.close();
      }
    });

  for (const mechanism of mechanisms)
    test(`${mechanism}: a wrong password`, { skip }, async () => {
      const sasl = { mechanism, username: KAFKA_USER.username, password: 'wrong' };
      assert.match(await refusal(settings(mechanism, { sasl })), /^conflict .*KAFKA_SASL_PASSWORD/);
    });

  test('another authority, and none that is known', { skip }, async () => {
    for (const ca of [readFileSync(theirs.file, 'utf8'), undefined])
      assert.match(
        await refusal(settings('SCRAM-SHA-512', { tls: { ca } })),
        /^conflict KAFKA_BROKERS: .* authority that is not known here .*KAFKA_TLS_CA=/,
      );
  });

  test('another host', { skip }, async () => {
    const brokers = [kafka.broker.replace('localhost', '127.0.0.1')];
    assert.match(
      await refusal(settings('SCRAM-SHA-512', { brokers })),
      /^conflict KAFKA_BROKERS: .* is for another host/,
    );
  });

  test('no TLS and no user: refused, and never as a fallback', { skip }, async () => {
    assert.match(
      await refusal(settings('SCRAM-SHA-512', { tls: undefined })),
      /^(conflict|unavailable) .*KAFKA_/,
    );
    assert.match(
      await refusal(settings('SCRAM-SHA-512', { sasl: undefined })),
      /^(conflict|unavailable) .*KAFKA_/,
    );
  });

  test('the event log moves there under load: user and authority stand in the environment alone', {
    skip,
  }, async (t) => {
    const address = `kafka://${kafka.broker}/weir-moved?partitions=2&replication=1&tls=on&sasl=scram-sha-512`;
    const { username, password } = KAFKA_USER;
    const scratch = openScratch(undefined);
    const env = { ENGINE_CREDENTIALS: `${username}:${password}@${kafka.broker}`, ENGINE_CA: ours.file };
    const rig = await openRig({ dir: scratch.makeRun('move-tls'), seed: 17, env });
    try {
      await rig.server.start();
      const campaigns = await rig.makeCampaigns(2);
      const load = rig.startLoad({ rate: 100, campaigns });
      await until(() => rig.history.acknowledged() > 100);
      const move = (args: string[], other = {}) =>
        rig.command(['move', 'event-log', '--json', ...args], other);
      const refusals: [Record<string, string>, RegExp][] = [
        [{ ENGINE_CA: theirs.file }, /authority that is not known here .*ENGINE_CA=/],
        [{ ENGINE_CREDENTIALS: `${username}:wrong@${kafka.broker}` }, /Correct ENGINE_CREDENTIALS/],
        [{ ENGINE_CREDENTIALS: '' }, /ENGINE_CREDENTIALS of this process names none/],
      ];
      for (const [other, why] of refusals) {
        const { code, output } = await move(['--to', address], other);
        assert.equal(code, 1);
        assert.match(`${output}${readFileSync(join(rig.dir, 'server.log'), 'utf8')}`, why);
      }
      assert.deepEqual(await rig.postgres.query('select from role_moves'), []);

      const { code, output } = await move(['--to', address]);
      assert.equal(code, 0, output);
      const fromKafka = async () =>
        (
          await rig.postgres.query<{ count: number }>(
            'select count(*) from event_log join log_lanes l using (lane) where l.source is not null',
          )
        )[0]!.count;
      await until(async () => (await fromKafka()) > 100, 30_000);
      assert.equal((await move(['--finish'])).code, 0);
      await load.stop();
      const { lost, dup, mismatch, findings, events } = await rig.judge();
      t.diagnostic(JSON.stringify({ events, lost, dup, mismatch }));
      assert.deepEqual({ lost, dup, mismatch, findings }, { lost: 0, dup: 0, mismatch: 0, findings: [] });
    } finally {
      await rig.close();
      scratch.close();
    }
  });
});
