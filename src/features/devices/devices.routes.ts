import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../../db/pool.ts';
import { IdParams } from '../../http/field-types.ts';
import { requireViewer } from '../../http/policy.ts';
import { AppError, invalid } from '../../kit/errors.ts';
import { type DeviceRow, deleteDevice, insertDevice, listDevices } from './devices.queries.ts';
import { Device, DeviceBody } from './devices.schemas.ts';
import { parsePushToken } from './push-token.ts';
import type { TokenSeal } from './token-seal.ts';

const MOST = 20;

export interface DeviceDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  /** Hosts that web push may go to. */
  readonly services: readonly string[];
  /** What a browser subscribes with (RFC 8292), base64url. */
  readonly vapidPublicKey: string;
}

export function registerDeviceRoutes(app: FastifyInstance, deps: DeviceDeps): void {
  const { db } = deps;
  const tags = ['Devices'];
  const config = { policy: 'signed-in' } as const;
  app.get(
    '/api/devices',
    { config, schema: { summary: 'Own devices', tags, response: { 200: Type.Array(Device) } } },
    async (request) => {
      requireViewer(request.viewer);
      return (await listDevices(db, request.viewer.memberId)).map(toDevice);
    },
  );
  app.post(
    '/api/devices',
    { config, schema: { summary: 'Register a device', tags, body: DeviceBody, response: { 200: Device } } },
    async (request) => {
      requireViewer(request.viewer);
      return toDevice(await register(request.viewer.memberId, request.body as DeviceBody, deps));
    },
  );
  app.delete(
    '/api/devices/:id',
    {
      config,
      schema: { summary: 'Forget a device', tags, params: IdParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      const { id } = request.params as { id: number };
      if (!(await deleteDevice(db, request.viewer.memberId, id)))
        throw new AppError('not_found', `You have no device ${id}.`);
      return reply.code(204).send(null);
    },
  );
  app.get(
    '/api/devices/web_push_key',
    {
      config: { policy: 'anyone' },
      schema: {
        summary: 'What a browser subscribes with',
        tags,
        response: { 200: Type.Object({ public_key: Type.String() }) },
      },
    },
    () => ({ public_key: deps.vapidPublicKey }),
  );
}

async function register(memberId: number, { name, token }: DeviceBody, deps: DeviceDeps): Promise<DeviceRow> {
  const target = parsePushToken(token, deps.services);
  if (typeof target === 'string') throw invalid([{ path: 'token', message: target }]);
  const device = {
    kind: target.kind,
    name,
    tokenHash: deps.seal.hash(token),
    tokenSealed: deps.seal.seal(token),
    tokenEnd: (target.kind === 'web' ? target.endpoint : token).slice(-4),
  };
  const row = await insertDevice(deps.db, memberId, device, MOST);
  if (row === 'already') throw new AppError('already_exists', 'You have registered this device already.');
  if (row === 'full')
    throw new AppError('conflict', `You have ${MOST} devices, which is the most. Delete one of them first.`);
  return row;
}

function toDevice({ id, name, token_end }: DeviceRow) {
  return { id, name, token: `****${token_end}` };
}
