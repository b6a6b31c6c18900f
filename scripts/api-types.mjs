/**
 * `npm run api-types`: the types of the console, from the OpenAPI document of the server's own routes. With `--check` it
 * writes nothing and fails where the committed file is not what the routes say.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { createServer } from '../src/http/server.ts';
import { createLogger } from '../src/kit/logger.ts';
import { registerRoutes } from '../src/roles/api.ts';

const FILE = new URL('../web/src/openapi.d.ts', import.meta.url);

// Nothing is called while routes are declared, so nothing needs to be there.
const nothing = new Proxy(() => nothing, { get: () => nothing });
const app = createServer({ log: createLogger('silent'), authenticate: nothing, trustedProxies: [] });
await registerRoutes(app, new Proxy({}, { get: () => nothing }));
await app.ready();
const head = '// Made by "npm run api-types" from the routes of the server. Do not edit.\n';
const types = head + astToString(await openapiTS(JSON.stringify(app.swagger()), { alphabetize: true }));
await app.close();

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, types);
} else if (readFileSync(FILE, 'utf8') !== types) {
  console.error('web/src/openapi.d.ts is not what the routes say. Run: npm run api-types');
  process.exitCode = 1;
}
