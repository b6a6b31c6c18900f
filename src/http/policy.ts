import type { FastifyInstance, RouteOptions } from 'fastify';
import { AppError } from '../kit/errors.ts';
import {
  type AuthenticateOptions,
  authenticate,
  type CsrfRule,
  type Role,
  type Viewer,
} from './authenticate.ts';

/**
 * Who may call a route.
 * - `self-or-admin`: the member that `params.id` names, or an admin.
 * - `owner-or-admin`, `owner-or-staff`: signed in here; whose it is only the feature knows, so the handler calls
 *   `requireOwner` once it has found the owner.
 * - a list of roles: any of them.
 */
export type Policy =
  | 'anyone'
  | 'signed-in'
  | 'self-or-admin'
  | 'owner-or-admin'
  | 'owner-or-staff'
  | readonly Role[];

export const STAFF: readonly Role[] = ['marketer', 'admin'];

declare module 'fastify' {
  interface FastifyContextConfig {
    policy?: Policy;
    /** Default `token`. */
    csrf?: CsrfRule;
    /**
     * Default `checked`: before the body is read. `ignored`: sign-in routes, whose caller is nobody yet.
     * `by-handler`: the handler calls `authenticate` itself (with `anyone` only).
     */
    credentials?: 'checked' | 'ignored' | 'by-handler';
  }
  interface FastifyRequest {
    viewer: Viewer | undefined;
  }
}

/** Makes the boot fail on a route without a policy, and gives every other route its check. Call before any route. */
export function enforcePolicies(app: FastifyInstance, options: AuthenticateOptions): void {
  app.decorateRequest('viewer', undefined);
  app.addHook('onRoute', (route) => {
    const policy = route.config?.policy;
    if (policy === undefined) {
      throw new Error(
        `${String(route.method)} ${route.url} declares no access policy: add config: { policy }.`,
      );
    }
    const credentials = route.config?.credentials ?? 'checked';
    if (credentials !== 'checked') {
      if (policy === 'anyone') return;
      throw new Error(
        `${String(route.method)} ${route.url} has a policy, but its credentials are ${credentials}.`,
      );
    }
    addCheck(route, policy, options);
  });
}

function addCheck(route: RouteOptions, policy: Policy, options: AuthenticateOptions): void {
  const csrf = route.config?.csrf ?? 'token';
  const others = route.onRequest === undefined ? [] : [route.onRequest].flat();
  route.onRequest = [
    (request, _reply, done) => {
      request.viewer = authenticate(request, options, csrf);
      requirePolicy(policy, request.viewer, (request.params as { id?: unknown }).id);
      done();
    },
    ...others,
  ];
}

function requirePolicy(policy: Policy, viewer: Viewer | undefined, id: unknown): void {
  if (policy === 'anyone') return;
  requireViewer(viewer);
  if (policy === 'self-or-admin' && String(viewer.memberId) !== id) requireRole(viewer, ['admin']);
  if (typeof policy !== 'string') requireRole(viewer, policy);
}

export function requireViewer(viewer: Viewer | undefined): asserts viewer is Viewer {
  if (viewer === undefined) throw new AppError('not_signed_in', 'Sign in first: this needs a member.');
}

/** Whose request it is. Throws `not_signed_in` for nobody's. */
export function memberOf({ viewer }: { readonly viewer: Viewer | undefined }): number {
  requireViewer(viewer);
  return viewer.memberId;
}

export function hasRole(viewer: Viewer | undefined, roles: readonly Role[]): boolean {
  return viewer?.roles.some((role) => roles.includes(role)) ?? false;
}

export function requireRole(viewer: Viewer, roles: readonly Role[]): void {
  if (hasRole(viewer, roles)) return;
  throw new AppError('not_allowed', `This needs the role ${roles.join(' or ')}.`);
}

/** The second half of `owner-or-admin` and `owner-or-staff`. */
export function requireOwner(viewer: Viewer | undefined, ownerId: number, orRoles: readonly Role[]): void {
  requireViewer(viewer);
  if (viewer.memberId === ownerId || hasRole(viewer, orRoles)) return;
  throw new AppError('not_allowed', `Only the owner or ${orRoles.join(' or ')} may do this.`);
}
