import { createTransport } from 'nodemailer';
import { EngineError } from '../../kit/errors.ts';

interface SmtpOptions {
  /** `smtp://user:password@host:587` or `smtps://…`. */
  readonly url: string;
  readonly from: string;
}

interface Message {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;

export interface SmtpMail {
  /** Rejects with an EngineError: not retryable where the server refuses this mail for good (RFC 5321, 4.2.1: 5yz). */
  readonly send: (message: Message) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Mail by SMTP (RFC 5321), over a few connections that stay open. */
export function createSmtpMail({ url, from }: SmtpOptions): SmtpMail {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 2,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  });
  return {
    send: async (message) => {
      try {
        await transport.sendMail({ from, ...message });
      } catch (error) {
        const { responseCode = 0 } = error as { responseCode?: number };
        const retryable = responseCode < 500;
        throw new EngineError({
          engine: 'SMTP',
          operation: 'send',
          retryable,
          mayHaveHappened: retryable,
          cause: error,
        });
      }
    },
    close: async () => transport.close(),
  };
}
