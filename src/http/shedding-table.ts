import type { FastifyInstance } from 'fastify';
import { toPattern } from './route-table.ts';

/** What is refused before what, when not all can be done. `last` are events: they are why the server is there. */
export type Shedding = 'first' | 'last' | 'never';

export interface SheddingTable {
  /** Of a request with this verb and target. What is no route is refused first. */
  readonly of: (method: string, url: string) => Shedding;
}

/** Remembers what each route says of itself, for those that know no router yet. Call before any route. */
export function createSheddingTable(app: FastifyInstance): SheddingTable {
  const exact = new Map<string, Shedding>();
  const patterns: { readonly pattern: RegExp; readonly shedding: Shedding }[] = [];
  app.addHook('onRoute', ({ method: methods, url, config }) => {
    const shedding = config?.shed ?? 'first';
    if (shedding === 'first') return;
    for (const method of [methods].flat()) {
      if (!url.includes(':') && !url.includes('*')) exact.set(`${method} ${url}`, shedding);
      else patterns.push({ pattern: toPattern(`${method} ${url}`), shedding });
    }
  });
  return {
    of: (method, url) => {
      const end = url.indexOf('?');
      const path = end < 0 ? url : url.slice(0, end);
      // As the router sees it: a slash at the end is none.
      const key = `${method} ${path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path}`;
      return exact.get(key) ?? patterns.find(({ pattern }) => pattern.test(key))?.shedding ?? 'first';
    },
  };
}
