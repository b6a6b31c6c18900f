import type { Config } from '../config.ts';
import type { KafkaSaslMechanism, KafkaSettings } from '../engines/kafka/kafka-client.ts';
import { AppError } from '../kit/errors.ts';

/** PostgreSQL, the installation's own: its address is in the environment of every process anyway. */
export const OWN = 'postgres';

/** What belongs to engines in the environment. */
export type EngineSettings = Pick<Config, 'kafka' | 'mongodbUrl' | 'credentials' | 'engineCa'>;

const KAFKA = /^kafka:\/\/([^/?#@]+)\/([\w.-]{1,249})(?:\?([^#]*))?$/;
const MONGODB = /^(mongodb(?:\+srv)?):\/\/([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const BROKER = /^[^\s:,]+:\d{1,5}$/;
const SASL: Readonly<Record<string, KafkaSaslMechanism>> = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
};
/** Options of a MongoDB URL that are secrets, or lead to some. */
const SECRET_OPTIONS =
  /^(authMechanismProperties|tlsCertificateKeyFilePassword|proxyPassword|proxyUsername)$/i;

/**
 * An address as it is kept and shown: `postgres`, `kafka://host:port,…/topic?replication=3&partitions=6&tls=on&sasl=…`, or
 * `mongodb://host,…/database?…`. Throws `conflict` where it is none, or holds a password: whoever lists processes, or reads the
 * database, would see it.
 */
export function parseAddress(text: string, role: 'event-log' | 'raw-store'): string {
  if (text === OWN) return OWN;
  if (/^[a-z+]+:\/\/[^/]*@/.test(text)) throw refused(text, HAS_CREDENTIALS);
  if (role === 'event-log') return toKafkaAddress(readKafka(text));
  const [, protocol, hosts, database, options] = MONGODB.exec(text) ?? [];
  if (!protocol || !hosts) throw refused(text, 'write postgres, or mongodb://host:27017/database');
  for (const name of new URLSearchParams(options).keys())
    if (SECRET_OPTIONS.test(name)) throw refused(text, HAS_CREDENTIALS);
  return `${protocol}://${hosts}/${database || 'weir'}${options ? `?${options}` : ''}`;
}

const HAS_CREDENTIALS =
  'it holds credentials. Name them in ENGINE_CREDENTIALS of every process instead (user:password@host), and leave them out here';

/** The settings without what is secret; the least that another process must be told to find the topic. */
export function toKafkaAddress(settings: KafkaSettings): string {
  const { brokers, topic, partitions, replication, sasl, tls } = settings;
  const options = [
    `partitions=${partitions}`,
    `replication=${replication}`,
    ...(tls ? ['tls=on'] : []),
    ...(sasl ? [`sasl=${sasl.mechanism.toLowerCase()}`] : []),
  ];
  return `kafka://${[...brokers].sort().join(',')}/${topic}?${options.join('&')}`;
}

/** Same hosts and topic or database: the rest may be said in other words. */
export function isSamePlace(one: string, other: string): boolean {
  return placeOf(one) === placeOf(other);
}

function placeOf(address: string): string {
  const [place] = address.split('?');
  return place!;
}

export function ownKafka({ kafka }: Pick<EngineSettings, 'kafka'>): string {
  return kafka ? toKafkaAddress(kafka) : OWN;
}

export function ownMongodb({ mongodbUrl }: Pick<EngineSettings, 'mongodbUrl'>): string {
  return mongodbUrl === undefined ? OWN : stripCredentials(mongodbUrl);
}

/** With the credentials of the environment: those of KAFKA_BROKERS where a broker is one of them, or ENGINE_CREDENTIALS. */
export function toKafkaAccess(address: string, config: EngineSettings): KafkaSettings {
  const { sasl, ...settings } = readKafka(address);
  const own = config.kafka;
  if (own && own.topic === settings.topic && own.brokers.some((one) => settings.brokers.includes(one)))
    return { ...own, brokers: settings.brokers };
  const found = findCredentials(config, settings.brokers);
  const shared = own?.brokers.some((one) => settings.brokers.includes(one)) ? own.sasl : undefined;
  const { username = '', password = '' } = found ?? shared ?? {};
  if (sasl && username === '')
    throw refused(address, 'it asks for a user, and ENGINE_CREDENTIALS of this process names none for it');
  return {
    ...settings,
    sasl: sasl && { mechanism: sasl.mechanism, username, password },
    tls: settings.tls && { ca: config.engineCa ?? own?.tls?.ca },
    moved: true,
  };
}

/** The URL that the driver takes. It may hold a password: never logged. */
export function toMongodbAccess(address: string, config: EngineSettings): string {
  if (config.mongodbUrl !== undefined && isSamePlace(stripCredentials(config.mongodbUrl), address))
    return config.mongodbUrl;
  const [, protocol, hosts = '', rest] = /^(mongodb(?:\+srv)?):\/\/([^/]+)(\/.*)$/.exec(address) ?? [];
  const found = findCredentials(config, hosts.split(','));
  if (!found) return address;
  const { username, password } = found;
  return `${protocol}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${hosts}${rest}`;
}

function findCredentials({ credentials }: EngineSettings, hosts: readonly string[]) {
  return credentials.find(({ host }) => hosts.some((one) => one === host || one.split(':')[0] === host));
}

function stripCredentials(url: string): string {
  const [, protocol, hosts, database, options = ''] =
    /^(mongodb(?:\+srv)?):\/\/(?:[^/@]*@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url) ?? [];
  const open = [...new URLSearchParams(options)].filter(([name]) => !SECRET_OPTIONS.test(name));
  const query = open.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return `${protocol}://${hosts}/${database || 'weir'}${query === '' ? '' : `?${query}`}`;
}

function readKafka(address: string): KafkaSettings {
  const [, hosts = '', topic, query] = KAFKA.exec(address) ?? [];
  const brokers = hosts.split(',');
  if (topic === undefined || !brokers.every((one) => BROKER.test(one)))
    throw refused(address, 'write postgres, or kafka://kafka-1:9092,kafka-2:9092/topic');
  const options = new URLSearchParams(query);
  const unknown = [...options.keys()].filter(
    (name) => !['partitions', 'replication', 'tls', 'sasl'].includes(name),
  );
  if (unknown.length > 0)
    throw refused(address, `${unknown.join(', ')} is none of partitions, replication, tls, sasl`);
  const sasl = options.get('sasl');
  const mechanism = sasl === null ? undefined : SASL[sasl.toLowerCase()];
  if (sasl !== null && !mechanism) throw refused(address, `sasl is one of ${Object.keys(SASL).join(', ')}`);
  const tls = options.get('tls') === 'on';
  if (mechanism === 'PLAIN' && !tls)
    throw refused(address, 'sasl=plain would send the password in the clear: it needs tls=on');
  return {
    brokers,
    topic,
    partitions: readNumber(options.get('partitions') ?? '6', address),
    replication: readNumber(options.get('replication') ?? '3', address),
    sasl: mechanism && { mechanism, username: '', password: '' },
    tls: tls ? { ca: undefined } : undefined,
  };
}

function readNumber(text: string, address: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 1_000)
    throw refused(address, 'partitions and replication are whole numbers from 1');
  return number;
}

/** What is refused may hold a password. */
function refused(address: string, why: string): AppError {
  return new AppError(
    'conflict',
    `${address.replace(/\/\/[^/]*@/, '//***@')} is no address to move to: ${why}.`,
  );
}
