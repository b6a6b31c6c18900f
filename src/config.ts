import { readFileSync } from 'node:fs';
import { COMMUNITY_SETTINGS, type CommunityConfig, toCommunityConfig } from './community-settings.ts';
import type { KafkaSettings } from './engines/kafka/kafka-client.ts';
import { KAFKA_SETTINGS, toKafkaSettings } from './kafka-settings.ts';
import { type ArmedFailpoint, parseFailpoint } from './kit/failpoint.ts';
import { MEMBER_SETTINGS } from './member-settings.ts';
import {
  type EngineCredentials,
  mongodbUrl,
  oneOf,
  onOff,
  optionalUrl,
  parseCidrs,
  parseCredentials,
  parseOrigins,
  postgresUrl,
  type Setting,
  setting,
  text,
  wholeNumber,
} from './setting.ts';

/** The environment, read once. The only reader of `process.env` beside the tests. */
export interface Config extends CommunityConfig {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly adminUsername: string;
  /** undefined: one is made at the first start and printed once. */
  readonly adminPassword: string | undefined;
  /** undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** Beside a DATABASE_URL that leads through PgBouncer: for session locks, migrations and the log. */
  readonly databaseDirectUrl: string | undefined;
  /** undefined: numbers are read where they are counted. */
  readonly databaseReplicaUrl: string | undefined;
  /** How far behind a replica may be and still answer. */
  readonly databaseReplicaLagMs: number;
  /** undefined: the event log is PostgreSQL's. */
  readonly kafka: KafkaSettings | undefined;
  /** Whether PostgreSQL's log takes events while Kafka takes none. */
  readonly spills: boolean;
  /** undefined: the raw store is the log's own rows. */
  readonly mongodbUrl: string | undefined;
  /** For engines that a role moves to or came from. */
  readonly credentials: readonly EngineCredentials[];
  /** PEM. */
  readonly engineCa: string | undefined;
  readonly publicUrl: URL | undefined;
  readonly trustedProxies: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly visitorCookie: boolean;
  readonly rateLimits: boolean;
  readonly boardsCreatedBy: 'member' | 'admin';
  /** Whether an edit must say which version it edits. */
  readonly requirePrecondition: boolean;
  readonly rawRetentionDays: number;
  readonly logLevel: string;
  /** Where this process kills itself; undefined but in tests. */
  readonly failpoint: ArmedFailpoint | undefined;
}

/** Every name there is, with what it is for; `.env.example` is made from it. */
export const SETTINGS = {
  HOST: setting(
    'Address to listen on. Loopback unless you say otherwise; 0.0.0.0 for every interface.',
    '127.0.0.1',
    '127.0.0.1',
    text,
  ),
  PORT: setting('Port to listen on; 0 takes any free one.', '8000', 8000, wholeNumber(0, 65_535)),
  DATA_DIR: setting('Where the embedded PostgreSQL and the keys live.', '.data', '.data', text),
  ADMIN_USERNAME: setting(
    'E-mail address of the first admin.',
    'admin@example.com',
    'admin@example.com',
    text,
  ),
  ADMIN_PASSWORD: setting<string | undefined>(
    'Password of the first admin, 8 to 128 characters; without it one is made and printed once.',
    '',
    undefined,
    text,
    true,
  ),
  DATABASE_URL: setting<string | undefined>(
    'Any PostgreSQL from 15 on, instead of the embedded one; no superuser needed.',
    'postgres://weir@db/weir',
    undefined,
    postgresUrl,
    true,
  ),
  DATABASE_DIRECT_URL: setting<string | undefined>(
    'The same database without PgBouncer, where DATABASE_URL leads through one.',
    'postgres://weir@db:5432/weir',
    undefined,
    postgresUrl,
    true,
  ),
  DATABASE_REPLICA_URL: setting<string | undefined>(
    'A streaming standby of that database: the console’s numbers are read from it while it follows.',
    'postgres://weir@db-2:5432/weir',
    undefined,
    postgresUrl,
    true,
  ),
  DATABASE_REPLICA_LAG_SECONDS: setting(
    'How far behind the standby may be; numbers come from the primary beyond it.',
    '10',
    10,
    wholeNumber(1, 3_600),
  ),
  ...KAFKA_SETTINGS,
  MONGODB_URL: setting<string | undefined>(
    'Moves the raw events that people read to MongoDB, 6.0 or newer: a replica set, or sharded.',
    'mongodb://weir@mongo-1,mongo-2,mongo-3/weir?replicaSet=rs0',
    undefined,
    mongodbUrl,
    true,
  ),
  ENGINE_CREDENTIALS: setting<readonly EngineCredentials[]>(
    'For `weir move`: users of engines that no name above speaks of, user:password@host, separated by spaces.',
    'weir:secret@kafka-9:9092',
    [],
    parseCredentials,
    true,
  ),
  ENGINE_CA: setting<string | undefined>(
    'For `weir move`: file (PEM) of the authorities behind `tls=on` of a Kafka that KAFKA_TLS_CA does not speak of.',
    '/etc/weir/engines-ca.pem',
    undefined,
    (path) => readFileSync(path, 'utf8'),
  ),
  PUBLIC_URL: setting<string | undefined>(
    'How browsers reach this server; https makes cookies Secure and __Host-.',
    'https://ads.example.com',
    undefined,
    optionalUrl('http:', 'https:'),
  ),
  ...COMMUNITY_SETTINGS,
  TRUSTED_PROXIES: setting<readonly string[]>(
    'Networks (CIDR, separated by commas) whose X-Forwarded-For is believed.',
    '10.0.0.0/8',
    [],
    parseCidrs,
  ),
  ALLOWED_ORIGINS: setting<readonly string[]>(
    'Further origins whose pages may send events as the signed-in member.',
    'https://www.example.com',
    [],
    parseOrigins,
  ),
  VISITOR_COOKIE: setting(
    '`on` gives anonymous visitors a first-party id in a cookie: one is one over days. Consent is yours to get.',
    'off',
    false,
    onOff,
  ),
  ...MEMBER_SETTINGS,
  RAW_RETENTION_DAYS: setting(
    'How long raw events are kept; counters stay for ever.',
    '90',
    90,
    wholeNumber(8, 3_650),
  ),
  LOG_LEVEL: setting(
    'debug, info, warn, error or silent.',
    'info',
    'info',
    oneOf('debug', 'info', 'warn', 'error', 'silent'),
  ),
  FAILPOINT: setting<ArmedFailpoint | undefined>(
    'For tests only: the step at whose nth hit the process kills itself, see `weir drill`.',
    'log.after-commit:3',
    undefined,
    parseFailpoint,
  ),
} as const;

type Name = keyof typeof SETTINGS;
type Value<N extends Name> = (typeof SETTINGS)[N]['fallback'];

/** Everything wrong with the environment, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads `.env` (the environment wins over it) and the environment. Throws one ConfigError that lists every problem. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, envFile = '.env'): Config {
  const problems: string[] = [];
  const file = readEnvFile(envFile, problems);
  const textOf = (name: Name) => env[name] ?? file.get(name) ?? '';
  const isGiven = (name: Name) => textOf(name) !== '';
  const read = <N extends Name>(name: N): Value<N> => {
    const value = textOf(name);
    const { parse, fallback, secret } = SETTINGS[name] as Setting<Value<N>>;
    if (value === '') return fallback;
    try {
      return parse(value);
    } catch (error) {
      problems.push(`${name}=${secret ? '***' : value}: ${(error as Error).message}`);
      return fallback;
    }
  };
  const publicUrl = read('PUBLIC_URL');
  const config: Config = {
    host: read('HOST'),
    port: read('PORT'),
    dataDir: read('DATA_DIR'),
    adminUsername: read('ADMIN_USERNAME'),
    adminPassword: read('ADMIN_PASSWORD'),
    databaseUrl: read('DATABASE_URL'),
    databaseDirectUrl: read('DATABASE_DIRECT_URL'),
    databaseReplicaUrl: read('DATABASE_REPLICA_URL'),
    databaseReplicaLagMs: read('DATABASE_REPLICA_LAG_SECONDS') * 1_000,
    kafka: toKafkaSettings(read, isGiven, problems),
    spills: read('EVENT_LOG_SPILL') === 'postgres',
    mongodbUrl: read('MONGODB_URL'),
    credentials: read('ENGINE_CREDENTIALS'),
    engineCa: read('ENGINE_CA'),
    publicUrl: publicUrl === undefined ? undefined : new URL(publicUrl),
    ...toCommunityConfig(read, publicUrl, problems),
    trustedProxies: read('TRUSTED_PROXIES'),
    allowedOrigins: read('ALLOWED_ORIGINS'),
    visitorCookie: read('VISITOR_COOKIE'),
    rateLimits: read('RATE_LIMITS'),
    boardsCreatedBy: read('BOARDS_CREATED_BY'),
    requirePrecondition: read('REQUIRE_PRECONDITION'),
    rawRetentionDays: read('RAW_RETENTION_DAYS'),
    logLevel: read('LOG_LEVEL'),
    failpoint: read('FAILPOINT'),
  };
  for (const name of ['DATABASE_DIRECT_URL', 'DATABASE_REPLICA_URL'] as const)
    if (isGiven(name) && !config.databaseUrl) problems.push(`${name}: needs DATABASE_URL beside it`);
  if (problems.length > 0) {
    throw new ConfigError(
      `The configuration has ${problems.length} problem(s):\n  ${problems.join('\n  ')}\nSee .env.example for every name.`,
    );
  }
  return Object.freeze(config);
}

function readEnvFile(path: string, problems: string[]): Map<string, string> {
  const values = new Map<string, string>();
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    // No file is the usual case; one that cannot be read is not.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      problems.push(`${path}: ${(error as Error).message}`);
    return values;
  }
  for (const [index, line] of content.split('\n').entries()) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line);
    if (/^\s*(#|$)/.test(line)) continue;
    if (!match) problems.push(`${path}:${index + 1}: is not NAME=value`);
    else if (!(match[1]! in SETTINGS))
      problems.push(`${path}:${index + 1}: ${match[1]} is not a name that Weir knows`);
    else values.set(match[1]!, match[2]!.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return values;
}
