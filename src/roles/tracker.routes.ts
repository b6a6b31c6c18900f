import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';

const FILE = fileURLToPath(new URL('../../tracker/dist/t.js', import.meta.url));

/** The browser snippet at `/t.js`. Where it was not built, the route answers 404 and says so at boot. */
export async function registerTracker(app: FastifyInstance): Promise<boolean> {
  const script = await readFile(FILE).catch(() => undefined);
  if (script === undefined) return false;
  app.get('/t.js', { config: { policy: 'anyone', credentials: 'ignored' } }, (_request, reply) =>
    reply
      .type('text/javascript; charset=utf-8')
      .header('cache-control', 'public, max-age=3600')
      .header('access-control-allow-origin', '*')
      .header('cross-origin-resource-policy', 'cross-origin')
      .send(script),
  );
  return true;
}
