import { AppError } from '../../kit/errors.ts';
import { explainTls, listCauses } from '../../kit/tls-trouble.ts';
import { hasKafkaCode, type KafkaSettings } from './kafka-client.ts';

/** What a broker, or our look at its certificate, would say again at each try: AppError `conflict` that names the setting. */
export function explainKafkaRefusal(error: unknown, settings: KafkaSettings): AppError | undefined {
  const refuse = (what: string) => new AppError('conflict', what, { cause: error });
  const { moved, brokers, sasl } = settings;
  const ca = moved ? 'ENGINE_CA' : 'KAFKA_TLS_CA';
  const untrusted = explainTls(error, `Name the authority’s certificate: ${ca}=/path/ca.pem.`);
  if (untrusted !== undefined) return refuse(`${moved ? brokers.join(',') : 'KAFKA_BROKERS'}: ${untrusted}`);
  const causes = [...listCauses(error)];
  const says = (pattern: RegExp) => causes.find(({ message }) => pattern.test(message))?.message;
  if (hasKafkaCode(error, 'SASL_AUTHENTICATION_FAILED') || says(/authentication failed|invalid credentials/i))
    return refuse(
      moved
        ? `Kafka refuses the user or its password. Correct ENGINE_CREDENTIALS, and see that the user has credentials of ${sasl?.mechanism}.`
        : 'Kafka refuses the user or its password. Correct KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and see that the user has credentials of KAFKA_SASL_MECHANISM.',
    );
  if (hasKafkaCode(error, 'UNSUPPORTED_SASL_MECHANISM'))
    return refuse(
      `The brokers do not take ${moved ? 'sasl' : 'KAFKA_SASL_MECHANISM'}=${sasl?.mechanism}. Choose one of theirs.`,
    );
  return undefined;
}
