import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { pageHeaders } from './static-pages.ts';

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
}

interface Fields {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly default?: unknown }>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    request_id: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { $id: 'Problem', description: 'RFC 9457' },
);
const DONE = { 200: { description: 'Done' } };
const REFUSAL = {
  description: 'Refused, or not possible now.',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
};

/** OpenAPI 3.1 from the schemas that validate. Await it before the routes it shall describe. */
export async function registerOpenApi(app: FastifyInstance, version: string): Promise<void> {
  app.addSchema(Problem);
  await app.register(fastifySwagger, {
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
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
        ...(schema?.querystring !== undefined && { querystring: toSent(schema.querystring) }),
        response: { ...((schema?.response as object | undefined) ?? DONE), default: REFUSAL },
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

/** What a client must send: a field with a default is filled in before it is checked. */
function toSent(schema: unknown): unknown {
  const { required, ...rest } = schema as Fields;
  const needed = required?.filter((name) => rest.properties?.[name]?.default === undefined);
  return needed?.length ? { ...rest, required: needed } : rest;
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
