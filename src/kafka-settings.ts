import { readFileSync } from 'node:fs';
import type { KafkaSaslMechanism, KafkaSettings } from './engines/kafka/kafka-client.ts';
import { oneOf, onOff, setting, text, wholeNumber } from './setting.ts';

/** Names of the environment for the event log in Kafka. Without KAFKA_BROKERS none of the others may be set. */
export const KAFKA_SETTINGS = {
  KAFKA_BROKERS: setting<readonly string[]>(
    'Some of the brokers (host:port, separated by commas): moves the event log to Kafka.',
    'kafka-1:9092,kafka-2:9092',
    [],
    parseBrokers,
  ),
  KAFKA_TOPIC: setting(
    'The topic of the event log; made with the right settings where it is missing, else checked.',
    'weir-events',
    'weir-events',
    parseTopic,
  ),
  KAFKA_PARTITIONS: setting(
    'Partitions of a topic that is made: as many processes can count at once.',
    '6',
    6,
    wholeNumber(1, 1_000),
  ),
  KAFKA_REPLICATION: setting(
    'Copies of each partition, all but one of which must have an event before it is acknowledged; 1 only for a trial.',
    '3',
    3,
    wholeNumber(1, 9),
  ),
  EVENT_LOG_SPILL: setting(
    '`postgres` keeps events in PostgreSQL’s log while Kafka takes none; `off` answers 503.',
    'off',
    'off',
    oneOf('off', 'postgres'),
  ),
  KAFKA_TLS: setting('`on` speaks TLS to the brokers.', 'off', false, onOff),
  KAFKA_TLS_CA: setting<string | undefined>(
    'File (PEM) of the authority that signed the brokers’ certificates, where it is not a public one.',
    '/etc/weir/kafka-ca.pem',
    undefined,
    (path) => readFileSync(path, 'utf8'),
  ),
  KAFKA_SASL_MECHANISM: setting<string | undefined>(
    'PLAIN (with TLS only), SCRAM-SHA-256 or SCRAM-SHA-512; with username and password.',
    'SCRAM-SHA-512',
    undefined,
    oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'),
  ),
  KAFKA_SASL_USERNAME: setting<string | undefined>('User of the brokers.', 'weir', undefined, text),
  KAFKA_SASL_PASSWORD: setting<string | undefined>('Password of that user.', '', undefined, text, true),
} as const;

type Name = keyof typeof KAFKA_SETTINGS;
type Value<N extends Name> = (typeof KAFKA_SETTINGS)[N]['fallback'];

/** undefined where the log is not in Kafka. What is set by halves goes to `problems`. */
export function toKafkaSettings(
  read: <N extends Name>(name: N) => Value<N>,
  isGiven: (name: Name) => boolean,
  problems: string[],
): KafkaSettings | undefined {
  const brokers = read('KAFKA_BROKERS');
  const names = Object.keys(KAFKA_SETTINGS) as Name[];
  if (brokers.length === 0) {
    if (isGiven('KAFKA_BROKERS')) return undefined;
    for (const name of names) if (isGiven(name)) problems.push(`${name}: needs KAFKA_BROKERS beside it`);
    return undefined;
  }
  const tls = read('KAFKA_TLS');
  const ca = read('KAFKA_TLS_CA');
  if (ca !== undefined && !tls) problems.push('KAFKA_TLS_CA: needs KAFKA_TLS=on beside it');
  return {
    brokers,
    topic: read('KAFKA_TOPIC'),
    partitions: read('KAFKA_PARTITIONS'),
    replication: read('KAFKA_REPLICATION'),
    sasl: readSasl(read, tls, problems),
    tls: tls ? { ca } : undefined,
  };
}

function readSasl(
  read: <N extends Name>(name: N) => Value<N>,
  tls: boolean,
  problems: string[],
): KafkaSettings['sasl'] {
  const mechanism = read('KAFKA_SASL_MECHANISM') as KafkaSaslMechanism | undefined;
  const username = read('KAFKA_SASL_USERNAME');
  const password = read('KAFKA_SASL_PASSWORD');
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (mechanism === undefined || username === undefined || password === undefined) {
    problems.push('KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD: set all three, or none');
    return undefined;
  }
  if (mechanism === 'PLAIN' && !tls)
    problems.push('KAFKA_SASL_MECHANISM=PLAIN: would send the password in the clear; needs KAFKA_TLS=on');
  return { mechanism, username, password };
}

function parseBrokers(value: string): readonly string[] {
  const brokers = value.split(',').map((one) => one.trim());
  for (const broker of brokers) {
    if (!/^[^\s:/]+:\d{1,5}$/.test(broker))
      throw new Error(`${broker || 'an empty entry'} is no broker; write for example kafka-1:9092`);
  }
  return brokers;
}

function parseTopic(value: string): string {
  if (!/^[\w.-]{1,249}$/.test(value))
    throw new Error('must be a name of letters, digits, dot, hyphen and underscore');
  return value;
}
