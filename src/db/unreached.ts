import pg from 'pg';
import { AppError } from '../kit/errors.ts';
import { explainTls } from '../kit/tls-trouble.ts';

const TRUST =
  'Name the authority’s certificate (PEM) in the URL: ?sslmode=verify-full&sslrootcert=/path/ca.pem.';

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
  const untrusted = explainTls(error, TRUST);
  if (untrusted !== undefined) return refuse(untrusted);
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
