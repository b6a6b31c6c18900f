import type * as Kafka from '@platformatic/kafka';
import { EngineError } from '../../kit/errors.ts';

export type KafkaPackage = typeof Kafka;

export interface KafkaSettings {
  /** `host:port` of some of the brokers. */
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Of a topic that is made; one that is there keeps its own. */
  readonly partitions: number;
  /** Least number of copies of each partition. */
  readonly replication: number;
  readonly sasl:
    | { readonly mechanism: KafkaSaslMechanism; readonly username: string; readonly password: string }
    | undefined;
  /** `ca` is a PEM text; undefined: the authorities that Node knows. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  /** A role was moved there: its user and authority stand in ENGINE_CREDENTIALS and ENGINE_CA. */
  readonly moved?: boolean;
}

export type KafkaSaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

const CONNECT_MS = 1_000;
/** The client's own default of 30 s lets a frozen leader hold it that long. */
const REQUEST_MS = 2_000;
/** Left alone, the client repeats without an end. */
const RETRIES = 3;
const RETRY_MS = 100;

/** Loads the client's package, which only those who use Kafka need. */
export async function loadKafka(): Promise<KafkaPackage> {
  try {
    return await import('@platformatic/kafka');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(
      'KAFKA_BROKERS is set, but the package @platformatic/kafka is not installed. Install it: npm install @platformatic/kafka@2.12',
      { cause: error },
    );
  }
}

/** Options of every client. `attempt` rotates the list: a frozen first broker would hold each new client as well. */
export function clientOptions(settings: KafkaSettings, attempt = 0): Kafka.BaseOptions {
  const { brokers, sasl, tls } = settings;
  const at = attempt % brokers.length;
  return {
    clientId: 'weir',
    bootstrapBrokers: [...brokers.slice(at), ...brokers.slice(0, at)],
    connectTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    // How long a leader waits for its followers before it answers.
    timeout: REQUEST_MS - 500,
    retries: RETRIES,
    retryDelay: RETRY_MS,
    ...(sasl && { sasl: { ...sasl } }),
    ...(tls && { tls: tls.ca === undefined ? {} : { ca: tls.ca }, tlsServerName: true }),
  };
}

/** Kafka's own name of what a broker answered, such as `OFFSET_OUT_OF_RANGE`, wherever in the error it stands. */
export function hasKafkaCode(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  if ((error as Error & { apiId?: string }).apiId === name) return true;
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [...inner, error.cause].some((one) => hasKafkaCode(one, name));
}

export function toKafkaError(error: unknown, operation: string, mayHaveHappened = false): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError({ engine: 'kafka', operation, retryable: true, mayHaveHappened, cause: error });
}

/** Rejects after `ms`; what it waited for goes on unheard. */
export async function withLimit<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Kafka did not ${what} within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
