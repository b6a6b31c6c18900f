const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);

/** An error and all that it carries: its cause, and those that it sums up. */
export function* listCauses(error: unknown, depth = 0): Generator<Error> {
  // Drivers nest a few; a circle must not hold us.
  if (!(error instanceof Error) || depth > 8) return;
  yield error;
  if (error instanceof AggregateError)
    for (const one of error.errors as unknown[]) yield* listCauses(one, depth + 1);
  yield* listCauses(error.cause, depth + 1);
}

/**
 * Why a server's certificate is not believed, and what to do; undefined where that is not the trouble. `trust` says how an
 * authority is made known. Node refuses before anything is sent.
 */
export function explainTls(error: unknown, trust: string): string | undefined {
  for (const one of listCauses(error)) {
    const { code = '', message } = one as NodeJS.ErrnoException;
    if (UNTRUSTED.has(code))
      return `the server's certificate is signed by an authority that is not known here (${message}). ${trust} Nothing was sent.`;
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
      return `the server's certificate is for another host (${message}). Use a name that it is made for. Nothing was sent.`;
    if (/^CERT_[A-Z_]+$/.test(code))
      return `the server's certificate is not good (${message}). Nothing was sent.`;
  }
  return undefined;
}
