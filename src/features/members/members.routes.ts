import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { IdParams } from '../../http/field-types.ts';
import { PageQuery, pageOf, toPage, toPageSlice } from '../../http/paging.ts';
import { hasRole, memberOf } from '../../http/policy.ts';
import { createRateLimit } from '../../http/rate-limit.ts';
import type { Clock } from '../../kit/clock.ts';
import { OwnProfile, ProfileBody, PublicMember, RolesBody, SignupBody } from './members.schemas.ts';
import type { Member, Members } from './members.service.ts';

interface MemberRoutesDeps {
  readonly members: Members;
  readonly clock: Clock;
  /** False only by RATE_LIMITS=off. */
  readonly rateLimits: boolean;
}

export function registerMemberRoutes(parent: FastifyInstance, deps: MemberRoutesDeps): void {
  const app = withTypes(parent);
  registerSignup(app, deps);
  registerOwnProfile(app, deps.members);
  registerDirectory(app, deps.members);
  registerAdministration(app, deps.members);
}

type App = ReturnType<typeof withTypes>;

function withTypes(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}

function registerSignup(app: App, { members, clock, rateLimits }: MemberRoutesDeps): void {
  const signups = createRateLimit({ limit: 5, windowMs: 3_600_000, clock, enabled: rateLimits });
  app.post(
    '/api/users/create',
    {
      config: { policy: 'anyone', credentials: 'ignored' },
      schema: { summary: 'Sign up', tags: ['members'], body: SignupBody, response: { 201: PublicMember } },
    },
    async (request, reply) => {
      signups.take(request.clientAddress);
      try {
        const member = await members.create(request.body);
        return reply
          .code(201)
          .send({ id: member.id, username: member.username, display_name: member.displayName });
      } catch (error) {
        // Only accounts that were made count: a typing error costs nothing.
        signups.giveBack(request.clientAddress);
        throw error;
      }
    },
  );
}

function registerOwnProfile(app: App, members: Members): void {
  app.get(
    '/api/users/me',
    {
      config: { policy: 'signed-in' },
      schema: { summary: 'Own profile', tags: ['members'], response: { 200: OwnProfile } },
    },
    async (request) => toOwnProfile(await members.get(memberOf(request))),
  );
  app.patch(
    '/api/users/me',
    {
      config: { policy: 'signed-in' },
      schema: {
        summary: 'Change own profile',
        tags: ['members'],
        body: ProfileBody,
        response: { 200: OwnProfile },
      },
    },
    async (request) => toOwnProfile(await members.updateProfile(memberOf(request), request.body)),
  );
}

function registerDirectory(app: App, members: Members): void {
  app.get(
    '/api/users',
    {
      config: { policy: 'anyone' },
      schema: {
        summary: 'Members, newest first',
        tags: ['members'],
        querystring: PageQuery,
        response: { 200: pageOf(PublicMember) },
      },
    },
    async (request) => {
      const slice = toPageSlice(request.query);
      const { count, members: found } = await members.list(slice.limit, slice.offset);
      const whole = hasRole(request.viewer, ['admin']);
      return toPage(
        request.url,
        slice,
        count,
        found.map((member) => toPublic(member, whole)),
      );
    },
  );
  app.get(
    '/api/users/:id',
    {
      config: { policy: 'anyone' },
      schema: { summary: 'One member', tags: ['members'], params: IdParams, response: { 200: PublicMember } },
    },
    async (request) => {
      const member = await members.get(request.params.id);
      const whole = request.viewer?.memberId === member.id || hasRole(request.viewer, ['admin']);
      return toPublic(member, whole);
    },
  );
}

function registerAdministration(app: App, members: Members): void {
  app.patch(
    '/api/users/:id',
    {
      config: { policy: ['admin'] },
      schema: {
        summary: 'Grant and take away roles',
        tags: ['members'],
        params: IdParams,
        body: RolesBody,
        response: { 200: OwnProfile },
      },
    },
    async (request) => toOwnProfile(await members.setRoles(request.params.id, request.body.roles)),
  );
  app.delete(
    '/api/users/:id',
    {
      config: { policy: 'self-or-admin' },
      schema: {
        summary: 'Delete a member',
        tags: ['members'],
        params: IdParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await members.erase(request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function toPublic(member: Member, whole: boolean) {
  return {
    id: member.id,
    username: showUsername(member.username, whole),
    display_name: member.displayName,
  };
}

/** A deleted member has none. */
export function showUsername(username: string, whole: boolean): string {
  return whole || username === '' ? username : maskEmail(username);
}

/** `mina@example.com` → `m***@e***.com`. */
function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  const [local, domain] = at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
  const dot = domain.lastIndexOf('.');
  const masked = `${[...local][0] ?? ''}***`;
  return at < 0 ? masked : `${masked}@${[...domain][0] ?? ''}***${dot < 0 ? '' : domain.slice(dot)}`;
}

function toOwnProfile(member: Member) {
  return {
    id: member.id,
    username: member.username,
    display_name: member.displayName,
    first_name: member.firstName,
    last_name: member.lastName,
    roles: [...member.roles],
  };
}
