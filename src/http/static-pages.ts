import { existsSync, readdirSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export interface Pages {
  readonly register: (app: FastifyInstance) => void;
  /** The file that answers a request, undefined where the pages have nothing to do with it. */
  readonly find: (request: FastifyRequest) => string | undefined;
  readonly send: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

// Mantine writes style attributes and one style element; scripts are files of ours only.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The built pages of a directory. A browser that navigates to any other path outside /api, /t and /health gets
 * index.html, whose router knows the path. Undefined where nothing was built.
 */
export function openPages(directory: string): Pages | undefined {
  const root = resolve(directory);
  if (!existsSync(`${root}${sep}index.html`)) return undefined;
  // Read once: a request for a file that is not there costs no look at the disk, and no path can lead outside.
  const files = new Set(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}${sep}${entry.name}`.slice(root.length + 1).replaceAll(sep, '/')),
  );

  function find(request: FastifyRequest): string | undefined {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
    const path = request.url.split('?', 1)[0]!;
    if (/^\/(api|t|health|metrics)(\/|$)/.test(path)) return undefined;
    const file = path.slice(1);
    if (files.has(file)) return file;
    return request.headers.accept?.includes('text/html') || path === '/' ? 'index.html' : undefined;
  }

  return {
    find,
    register: (app) => {
      void app.register(fastifyStatic, { root, serve: false, cacheControl: false });
    },
    send: (request, reply) => {
      const file = find(request) ?? 'index.html';
      const hashed = file.startsWith('assets/');
      return reply
        .code(200)
        .headers(pageHeaders)
        .header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
        .sendFile(file);
    },
  };
}

/** Of every page of ours. */
export const pageHeaders = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};
