import type { FastifyInstance } from 'fastify';

export interface RouteTable {
  /** The verbs that a path of a request has, for `Allow`; empty for an unknown path. */
  readonly verbsOf: (path: string) => string[];
}

/** Remembers every route as it is registered. Call before any route. */
export function createRouteTable(app: FastifyInstance): RouteTable {
  const patterns = new Map<string, { readonly pattern: RegExp; readonly verbs: Set<string> }>();
  app.addHook('onRoute', (route) => {
    const entry = patterns.get(route.url) ?? { pattern: toPattern(route.url), verbs: new Set<string>() };
    for (const verb of [route.method].flat()) entry.verbs.add(verb);
    patterns.set(route.url, entry);
  });
  return {
    verbsOf: (path) => {
      const verbs = [...patterns.values()]
        .filter((entry) => entry.pattern.test(path))
        .map((entry) => [...entry.verbs]);
      return [...new Set(verbs.flat())].sort();
    },
  };
}

export function toPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => {
      if (part === '*') return '.*';
      const name = /^:\w+(\(.*\))?(.*)$/.exec(part);
      return name ? `[^/]+${escapeRegExp(name[2] ?? '')}` : escapeRegExp(part);
    })
    .join('/');
  return new RegExp(`^${source}$`);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
