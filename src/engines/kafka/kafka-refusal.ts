import { AppError } from '../../kit/errors.ts';
import { explainTls, listCauses } from '../../kit/tls-trouble.ts';
import { hasKafkaCode, type KafkaSettings } from './kafka-client.ts';

const TRUST = 'Name the authority’s certificate: KAFKA_TLS_CA=/path/ca.pem.';

/** What a broker, or our look at its certificate, would say again at each try: AppError `conflict` that names the setting. */
export function explainKafkaRefusal(error: unknown, settings: KafkaSettings): AppError | undefined {
  const refuse = (what: string) => new AppError('conflict', what, { cause: error });
  const untrusted = explainTls(error, TRUST);
  if (untrusted !== undefined) return refuse(`KAFKA_BROKERS: ${untrusted}`);
  const causes = [...listCauses(error)];
  const says = (pattern: RegExp) => causes.find(({ message }) => pattern.test(message))?.message;
  if (hasKafkaCode(error, 'SASL_AUTHENTICATION_FAILED') || says(/authentication failed|invalid credentials/i))
    return refuse(
      'Kafka refuses the user or its password. Correct KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and see that the user has credentials of KAFKA_SASL_MECHANISM.',
    );
  if (hasKafkaCode(error, 'UNSUPPORTED_SASL_MECHANISM'))
    return refuse(
      `The brokers do not take KAFKA_SASL_MECHANISM=${settings.sasl?.mechanism}. Choose one of theirs.`,
    );
  return undefined;
}
