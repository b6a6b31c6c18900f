import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface RunningWeir {
  readonly url: string;
  readonly dataDir: string;
  readonly admin: { readonly username: string; readonly password: string };
  readonly child: ChildProcess;
  /** Everything it wrote, for a failing test to show. */
  readonly output: () => string;
  readonly close: () => Promise<void>;
}

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Kept at close when given. */
  readonly dataDir?: string;
  readonly port?: number;
}

export const ADMIN = { username: 'admin@example.com', password: 'nine-quiet-herons' };

/** The real server as a process of its own, on the embedded PostgreSQL, until it is ready. */
export async function startWeir(options: StartOptions = {}): Promise<RunningWeir> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'weir-server-'));
  const port = options.port ?? (await findFreePort());
  const env = {
    PATH: process.env.PATH ?? '',
    DATA_DIR: dataDir,
    PORT: String(port),
    ADMIN_PASSWORD: ADMIN.password,
    LOG_LEVEL: 'warn',
    ...options.env,
  };
  const child = spawn(process.execPath, [MAIN], { env, cwd: dataDir, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`weir ended with ${child.exitCode}:\n${output}`);
    return fetch(`${url}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
  }, 30_000);
  return {
    url,
    dataDir,
    admin: ADMIN,
    child,
    output: () => output,
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A client that is signed in by header. */
export async function signIn(url: string, who: Credentials, create = createClient): Promise<Client> {
  const client = createClient(url, {});
  const { body } = await client('POST', '/api/token/pair', who);
  return create(url, { authorization: `Bearer ${(body as { access: string }).access}` });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what shape it expects.
  readonly body: any;
}

export type Client = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const MOST_TRIES = 20;

/** Sends again, as any client does, what a busy server put off (503 `overloaded`: nothing of it was done). */
export function createClient(url: string, always: Record<string, string>): Client {
  const ask = createHastyClient(url, always);
  return async (...request) => {
    let answer = await ask(...request);
    for (let tries = 1; tries < MOST_TRIES && answer.body?.code === 'overloaded'; tries += 1) {
      await pause(1_000 * Number(answer.headers.get('retry-after')));
      answer = await ask(...request);
    }
    return answer;
  };
}

/** Takes every answer as it is. */
export function createHastyClient(url: string, always: Record<string, string>): Client {
  return async (method, path, body, headers) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        'user-agent': BROWSER,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...always,
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = /[/+]json\b/.test(answer.headers.get('content-type') ?? '');
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  };
}
