import type { FastifyRequest } from 'fastify';
import { AppError } from '../kit/errors.ts';

/** What an unsafe request expects to change. */
export interface Precondition {
  /** Versions that may be changed; undefined: whatever is there. */
  readonly versions: readonly number[] | undefined;
  /** 412 where the header said so, 409 where the body did. */
  readonly byHeader: boolean;
}

export function toEtag(version: number): string {
  return `"${version}"`;
}

/**
 * `If-Match` (RFC 9110, 13.1.1), or `version` of the body; both must hold where both are given. A weak tag counts as the
 * strong one: proxies that compress weaken tags. Throws `precondition_required` where neither is given but `required`.
 */
export function readPrecondition(
  request: FastifyRequest,
  version: number | undefined,
  required: boolean,
): Precondition {
  const header = request.headers['if-match'];
  if (header === undefined) {
    if (version === undefined && required)
      throw new AppError(
        'precondition_required',
        'Say which version you change: send If-Match with the ETag that you read, or version in the body.',
      );
    return { versions: version === undefined ? undefined : [version], byHeader: false };
  }
  const tags = header === '*' ? undefined : readTags(header);
  if (version === undefined) return { versions: tags, byHeader: true };
  return { versions: tags?.filter((tag) => tag === version) ?? [version], byHeader: tags !== undefined };
}

/** Whether the answer of this version is known to the client: `If-None-Match`, compared weakly. */
export function isNotModified(request: FastifyRequest, version: number): boolean {
  const header = request.headers['if-none-match'];
  return header !== undefined && (header === '*' || readTags(header).includes(version));
}

function readTags(header: string): number[] {
  return header.split(',').flatMap((tag) => {
    const version = /^\s*(?:W\/)?"([1-9]\d{0,14})"\s*$/.exec(tag)?.[1];
    return version === undefined ? [] : Number(version);
  });
}

/** The refusal of a change that was made to an older version. */
export function staleVersion({ byHeader }: Precondition, current: number): AppError {
  return new AppError(
    byHeader ? 'version_conflict' : 'conflict',
    `It was changed meanwhile and is version ${current} now. Nothing was overwritten: read it, and repeat your change.`,
    { extra: { reason: 'stale_version', current_version: current } },
  );
}
