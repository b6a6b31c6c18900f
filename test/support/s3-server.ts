import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Server {
  /** As ATTACHMENTS_URL names it. */
  readonly url: string;
  readonly objects: Map<string, Buffer>;
  /** Answers with this status until it is 0 again. */
  fail: (status: number) => void;
  readonly close: () => Promise<void>;
}

const KEY = 'test-key';
const SECRET = 'test/secret+key';
const REGION = 'ap-northeast-2';

/** A bucket that answers as S3 does, and takes only what AWS Signature Version 4 was computed for. */
export async function startS3Server(bucket = 'weir'): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  let failing = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const answer = (status: number, bytes?: Buffer) => response.writeHead(status).end(bytes);
    if (failing > 0) return answer(failing);
    if (!isSigned(request, body)) return answer(403);
    const prefix = `/${bucket}/`;
    if (!request.url!.startsWith(prefix)) return answer(404);
    const key = request.url!.slice(prefix.length);
    if (request.method === 'PUT') objects.set(key, body);
    if (request.method === 'DELETE') objects.delete(key);
    const found = objects.get(key);
    if (request.method === 'GET' && found) {
      response.writeHead(200, { 'content-length': found.length }).end(found);
      return;
    }
    return answer(request.method === 'GET' ? 404 : request.method === 'PUT' ? 200 : 204);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${KEY}:${encodeURIComponent(SECRET)}@127.0.0.1:${port}/${bucket}?region=${REGION}`,
    objects,
    fail: (status) => {
      failing = status;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html */
function isSigned(request: IncomingMessage, body: Buffer): boolean {
  const parts =
    /Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})/.exec(
      request.headers.authorization ?? '',
    );
  if (!parts) return false;
  const [, key, day, region, names, signature] = parts;
  const payload = String(request.headers['x-amz-content-sha256']);
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== hash(body)) return false;
  const canonical = [
    request.method,
    request.url,
    '',
    ...names!.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    names,
    payload,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const signing = [day!, region!, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${SECRET}`,
  );
  return (
    key === KEY && region === REGION && createHmac('sha256', signing).update(text).digest('hex') === signature
  );
}

function hash(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}
