import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KafkaSettings } from '../engines/kafka/kafka-client.ts';
import {
  type EngineSettings,
  isSamePlace,
  ownMongodb,
  parseAddress,
  toKafkaAccess,
  toKafkaAddress,
  toMongodbAccess,
} from './engine-address.ts';

const KAFKA: KafkaSettings = {
  brokers: ['b:9092', 'a:9092'],
  topic: 'events',
  partitions: 3,
  replication: 1,
  sasl: { mechanism: 'SCRAM-SHA-512', username: 'weir', password: 'secret' },
  tls: { ca: undefined },
};
const NONE: EngineSettings = {
  kafka: undefined,
  mongodbUrl: undefined,
  credentials: [],
  engineCa: undefined,
};

test('an address says where a log is, and never who may enter', () => {
  assert.equal(
    toKafkaAddress(KAFKA),
    'kafka://a:9092,b:9092/events?partitions=3&replication=1&tls=on&sasl=scram-sha-512',
  );
  const url =
    'mongodb://weir:secret@one,two/events?replicaSet=rs0&authMechanismProperties=AWS_SESSION_TOKEN:x';
  assert.equal(ownMongodb({ mongodbUrl: url }), 'mongodb://one,two/events?replicaSet=rs0');
  assert.equal(parseAddress('mongodb://one', 'raw-store'), 'mongodb://one/weir');
});

test('what is no address, or holds a password, is refused without showing it', () => {
  const refused: [string, 'event-log' | 'raw-store', RegExp][] = [
    ['kafka://weir:secret@a:9092/events', 'event-log', /\*\*\*@a:9092.*ENGINE_CREDENTIALS/],
    ['mongodb://weir:secret@one/events', 'raw-store', /\*\*\*@one.*ENGINE_CREDENTIALS/],
    ['kafka://a/events', 'event-log', /kafka-1:9092/],
    ['kafka://a:9092/events?retention=1', 'event-log', /retention is none of/],
    ['kafka://a:9092/events?sasl=plain', 'event-log', /tls=on/],
    ['mongodb://one/events', 'event-log', /kafka-1:9092/],
  ];
  for (const [address, role, why] of refused) {
    assert.throws(
      () => parseAddress(address, role),
      (error: Error) => why.test(error.message) && !error.message.includes('secret'),
    );
  }
});

test('credentials come from the environment: of the engine that it names, or of the host', () => {
  const address = parseAddress('kafka://a:9092,c:9092/events?sasl=scram-sha-512', 'event-log');
  assert.equal(toKafkaAccess(address, { ...NONE, kafka: KAFKA }).sasl?.password, 'secret');
  const credentials = [{ username: 'other', password: 'p', host: 'c:9092' }];
  assert.deepEqual(toKafkaAccess(address, { ...NONE, credentials }).sasl, {
    mechanism: 'SCRAM-SHA-512',
    username: 'other',
    password: 'p',
  });
  assert.throws(() => toKafkaAccess(address, NONE), /ENGINE_CREDENTIALS/);
  const mongodb = { ...NONE, credentials: [{ username: 'a@b', password: 'p/q', host: 'two' }] };
  assert.equal(
    toMongodbAccess('mongodb://one:1,two:2/events', mongodb),
    'mongodb://a%40b:p%2Fq@one:1,two:2/events',
  );
  const mongodbUrl = 'mongodb://weir:secret@one/events?replicaSet=rs0';
  assert.equal(toMongodbAccess('mongodb://one/events', { ...NONE, mongodbUrl }), mongodbUrl);
});

test('two addresses are one place where hosts and topic are the same, whatever else they say', () => {
  const one = toKafkaAddress(KAFKA);
  assert.ok(isSamePlace(one, 'kafka://a:9092,b:9092/events?partitions=6&replication=3'));
  assert.ok(!isSamePlace(one, 'kafka://a:9092,b:9092/other'));
});
