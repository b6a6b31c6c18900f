import type { FastifyInstance, FastifyRequest } from 'fastify';

interface FieldSchema {
  readonly type?: string;
}

/**
 * Query and path arrive as text. Fields whose schema says integer, number or boolean become that where the text is
 * exactly one; anything else stays text for the validator to refuse. (Ajv's own coercion would also turn a JSON
 * body's "1", null and "" into numbers.)
 */
export function typeQueryAndPath(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const query = fieldsOf(route.schema?.querystring);
    const params = fieldsOf(route.schema?.params);
    if (query.length === 0 && params.length === 0) return;
    const others = route.preValidation === undefined ? [] : [route.preValidation].flat();
    route.preValidation = [
      (request: FastifyRequest, _reply: unknown, done: () => void) => {
        convert(request.query as Record<string, unknown>, query);
        convert(request.params as Record<string, unknown>, params);
        done();
      },
      ...others,
    ];
  });
}

function fieldsOf(schema: unknown): [string, string][] {
  const properties = (schema as { properties?: Record<string, FieldSchema> } | undefined)?.properties ?? {};
  return Object.entries(properties).flatMap(([name, field]) =>
    field.type !== undefined && field.type !== 'string' ? [[name, field.type]] : [],
  );
}

function convert(values: Record<string, unknown>, fields: readonly [string, string][]): void {
  for (const [name, type] of fields) {
    const value = values[name];
    if (typeof value === 'string') values[name] = toTyped(value, type);
  }
}

function toTyped(text: string, type: string): unknown {
  if (type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (type === 'number') return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
  if (type === 'array') return [text];
  if (type === 'boolean') {
    if (/^(true|1)$/i.test(text)) return true;
    if (/^(false|0)$/i.test(text)) return false;
  }
  return text;
}
