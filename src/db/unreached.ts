import pg from 'pg';
import { AppError } from '../kit/errors.ts';

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);

/** SQLSTATEs of a server that answered, with what to do; it would answer the same again. */
const REFUSALS: readonly (readonly [RegExp, (variable: string) => string])[] = [
  [/^28P01$/, (v) => `its user or password is wrong. Correct it in ${v}; %-encode signs such as @ and /.`],
  [
    /^28000$/,
    (v) =>
      `correct the user in ${v}, or let it in: pg_hba.conf says who may come, and whether TLS is a must (add ?sslmode=verify-full).`,
  ],
  [/^3D000$/, (v) => `make it (create database … owner …), or correct its name in ${v}.`],
  [/^42501$/, (v) => `the user in ${v} must own the database, or be allowed to create in its schema public.`],
];

/** What is wrong with a connection to PostgreSQL, and what to do: an AppError that names the variable, never the URL. */
export function explainUnreached(error: unknown, variable: string): AppError {
  if (error instanceof AppError) return error;
  const { message, code = '' } = error as NodeJS.ErrnoException;
  const refuse = (what: string) => new AppError('conflict', `${variable}: ${what}`, { cause: error });
  if (error instanceof pg.DatabaseError) {
    const known = REFUSALS.find(([state]) => state.test(code));
    if (known) return refuse(`PostgreSQL refuses the connection (${message}): ${known[1](variable)}`);
  }
  if (UNTRUSTED.has(code))
    return refuse(
      `the server's certificate is signed by nobody known here (${message}). Give the authority's certificate (PEM): ?sslmode=verify-full&sslrootcert=/path/ca.pem. Nothing was sent.`,
    );
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return refuse(
      `the server's certificate is for another host (${message}). Use a host name that it is made for. Nothing was sent.`,
    );
  if (code.startsWith('CERT_'))
    return refuse(`the server's certificate is not good: ${message}. Nothing was sent.`);
  if (/does not support SSL/.test(message))
    return refuse(
      'the server has no TLS (ssl = off), and the URL asks for it. Turn it on there; without sslmode in the URL, password and data go in the clear. Nothing was sent.',
    );
  if (code === 'ENOENT' && /open/.test(message))
    return refuse(`a file that the URL names is not there: ${message}`);
  return new AppError(
    'unavailable',
    `${variable}: PostgreSQL does not answer (${message || code}). See that it runs, and that host and port are right.`,
    { cause: error },
  );
}
