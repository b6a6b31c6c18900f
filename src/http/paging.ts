import { type Static, type TSchema, Type } from 'typebox';
import { AppError } from '../kit/errors.ts';

export const PageQuery = Type.Object(
  {
    page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 199 })),
  },
  { additionalProperties: false },
);

export function pageOf<T extends TSchema>(item: T) {
  return Type.Object({
    count: Type.Integer(),
    next: Type.Union([Type.String(), Type.Null()]),
    previous: Type.Union([Type.String(), Type.Null()]),
    results: Type.Array(item),
  });
}

export interface PageSlice {
  readonly page: number;
  readonly limit: number;
  readonly offset: number;
}

export function toPageSlice(query: Static<typeof PageQuery>): PageSlice {
  const page = query.page ?? 1;
  const limit = query.page_size ?? 20;
  return { page, limit, offset: (page - 1) * limit };
}

export interface Page<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

/** `next` and `previous` are relative to the server, as `url` (of the request) is. A page beyond the last is 404. */
export function toPage<T>(url: string, slice: PageSlice, count: number, results: readonly T[]): Page<T> {
  const last = Math.max(1, Math.ceil(count / slice.limit));
  if (slice.page > last) {
    throw new AppError('page_not_found', `There is no page ${slice.page}: the last one is ${last}.`);
  }
  return {
    count,
    next: slice.page < last ? withQuery(url, { page: slice.page + 1 }) : null,
    previous: slice.page > 1 ? withQuery(url, { page: slice.page - 1 }) : null,
    results: [...results],
  };
}

/** Rows of a keyset list, newest first; the 10 next to `first_id` (the nearest newer ones), so that no gap opens. */
export const KEYSET_LIMIT = 10;

/**
 * The `Link` header (RFC 8288) of a keyset list: `next` is older, `prev` newer. `next` is left out where fewer rows
 * than a whole page say that nothing older is there; newer rows may come at any time, so `prev` is always named.
 */
export function toKeysetLink(
  url: string,
  query: { readonly last_id?: number; readonly first_id?: number },
  ids: readonly number[],
  hasOlder = query.first_id !== undefined ? ids.length > 0 : ids.length === KEYSET_LIMIT,
): string | undefined {
  const newest = ids[0] ?? query.first_id;
  const oldest = ids.at(-1) ?? query.last_id;
  const links: string[] = [];
  if (hasOlder && oldest !== undefined) {
    links.push(`<${withQuery(url, { last_id: oldest, first_id: undefined })}>; rel="next"`);
  }
  if (newest !== undefined) {
    links.push(`<${withQuery(url, { first_id: newest, last_id: undefined })}>; rel="prev"`);
  }
  return links.length === 0 ? undefined : links.join(', ');
}

function withQuery(url: string, changes: Record<string, number | undefined>): string {
  const parsed = new URL(url, 'http://localhost');
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) parsed.searchParams.delete(name);
    else parsed.searchParams.set(name, String(value));
  }
  return `${parsed.pathname}${parsed.search}`;
}
