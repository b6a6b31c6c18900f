import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './config.ts';

const load = (env: Record<string, string>) => loadConfig(env, 'no-such-file').kafka;

test('brokers alone move the log to Kafka, with three copies of each event', () => {
  assert.equal(load({}), undefined);
  assert.deepEqual(load({ KAFKA_BROKERS: 'one:9092, two:9093' }), {
    brokers: ['one:9092', 'two:9093'],
    topic: 'weir-events',
    partitions: 6,
    replication: 3,
    sasl: undefined,
    tls: undefined,
  });
});

test('what is set by halves is refused, each by its name, and a password is not shown', () => {
  const refused = (env: Record<string, string>, message: RegExp) => assert.throws(() => load(env), message);
  refused({ KAFKA_TOPIC: 'events' }, /KAFKA_TOPIC: needs KAFKA_BROKERS/);
  refused({ EVENT_LOG_SPILL: 'postgres' }, /EVENT_LOG_SPILL: needs KAFKA_BROKERS/);
  refused({ KAFKA_BROKERS: 'one' }, /KAFKA_BROKERS=one: one is no broker/);
  const brokers = { KAFKA_BROKERS: 'one:9092' };
  refused({ ...brokers, KAFKA_SASL_USERNAME: 'weir' }, /set all three, or none/);
  refused({ ...brokers, KAFKA_TLS_CA: '/no/such/file', KAFKA_TLS: 'on' }, /KAFKA_TLS_CA=.*ENOENT/);
  const sasl = { ...brokers, KAFKA_SASL_USERNAME: 'weir', KAFKA_SASL_PASSWORD: 'secret-word' };
  refused({ ...sasl, KAFKA_SASL_MECHANISM: 'PLAIN' }, /in the clear; needs KAFKA_TLS=on/);
  assert.throws(
    () => load({ ...sasl, KAFKA_SASL_MECHANISM: 'GSSAPI' }),
    (error: Error) => !error.message.includes('secret-word'),
  );
  assert.deepEqual(load({ ...sasl, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' })?.sasl, {
    mechanism: 'SCRAM-SHA-512',
    username: 'weir',
    password: 'secret-word',
  });
});
