import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { pageHeaders } from './static-pages.ts';

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** OpenAPI 3.1 from the schemas that validate. Await it before the routes it shall describe. */
export async function registerOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Weir', version, description: 'Counts every view and click exactly once.' },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'access' },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const policy = route.config?.policy ?? 'anyone';
      const described = {
        ...schema,
        description: [schema?.description, `Access: ${[policy].flat().join(', ')}.`].join(' ').trim(),
      };
      return {
        url,
        schema:
          policy === 'anyone' ? described : { ...described, security: [{ bearer: [] }, { cookie: [] }] },
      };
    },
  });
  app.get('/api/openapi.json', { config: { policy: 'anyone' }, schema: { hide: true } }, () => app.swagger());
  app.get('/api/docs', { config: { policy: 'anyone' }, schema: { hide: true } }, (_request, reply) =>
    reply
      .headers(pageHeaders)
      .type('text/html; charset=utf-8')
      .send(toDocsPage(app.swagger().paths as Paths)),
  );
  app.get(
    '/api/version',
    {
      config: { policy: 'anyone' },
      schema: {
        summary: 'Version of this server',
        response: { 200: Type.Object({ version: Type.String() }) },
      },
    },
    () => ({ version }),
  );
}

function toDocsPage(paths: Paths): string {
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([
        verb,
        operation,
      ]) => `<details><summary><code><b>${verb.toUpperCase()}</b> ${escapeHtml(path)}</code> ${escapeHtml(operation.summary ?? '')}</summary>
<pre>${escapeHtml(JSON.stringify(operation, null, 2))}</pre></details>`,
    ),
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Weir API</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}pre{overflow:auto;font-size:13px}</style></head>
<body><h1>Weir API</h1><p>The document itself: <a href="/api/openapi.json">openapi.json</a></p>
${rows.join('\n')}</body></html>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
