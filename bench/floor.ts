/**
 * The floors, as a process of its own: a bare node:http server that reads a JSON body and answers 202, or answers a
 * GET with a body of the size that a campaign has, or that the path names (`/bytes/400`). It validates nothing and keeps nothing. Prints its port.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const campaign = JSON.stringify({
  id: 1,
  owner_id: 1,
  title: 'bench',
  content: 'Sale',
  landing_url: null,
  start_date: '2020-01-01T00:00:00.000Z',
  end_date: '2099-01-01T00:00:00.000Z',
  views: 0,
  clicks: 0,
  is_visible: true,
  is_deleted: false,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
});

const bodies = new Map<string, string>();

function bodyOf(path: string): string {
  const bytes = /^\/bytes\/(\d+)$/.exec(path)?.[1];
  if (bytes === undefined) return campaign;
  let body = bodies.get(path);
  if (body === undefined) {
    body = JSON.stringify('x'.repeat(Number(bytes) - 2));
    bodies.set(path, body);
  }
  return body;
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const body = bodyOf(request.url ?? '');
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(body);
    return;
  }
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (part: string) => (text += part));
  request.on('end', () => {
    const { type } = JSON.parse(text) as { type: string };
    response
      .writeHead(202, { 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify({ event_id: null, status: type }));
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.once('SIGTERM', () => process.exit(0));
