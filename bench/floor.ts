/**
 * The floors, as a process of its own: a bare node:http server that reads a JSON body and answers 202, or answers a
 * GET with a body of the size that a campaign has. It validates nothing and keeps nothing. Prints its port.
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

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(campaign);
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
