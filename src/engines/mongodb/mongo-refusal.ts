import { explainTls, listCauses } from '../../kit/tls-trouble.ts';

const TRUST = 'Name the authority’s certificate in the URL: ?tls=true&tlsCAFile=/path/ca.pem.';
const AUTHENTICATION_FAILED = 18;
const UNAUTHORIZED = 13;

/** What MongoDB, or our look at its certificate, would say again at each try, with what to do; undefined for anything else. */
export function explainMongoRefusal(error: unknown): string | undefined {
  const untrusted = explainTls(error, TRUST);
  if (untrusted !== undefined) return `MONGODB_URL: ${untrusted}`;
  for (const one of listCauses(error)) {
    const { code } = one as Error & { code?: unknown };
    if (code === AUTHENTICATION_FAILED)
      return 'MONGODB_URL: MongoDB refuses the user or its password. Correct it, %-encode signs such as @ and /, and name the database that holds the user: ?authSource=admin.';
    if (code === UNAUTHORIZED)
      return `MONGODB_URL: the user may not do this (${one.message}). Give it the role readWrite on that database, or name a user in the URL.`;
  }
  return undefined;
}
