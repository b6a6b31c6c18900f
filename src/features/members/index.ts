export { type MemberRoutesDeps, registerMemberRoutes } from './members.routes.ts';
export {
  createMembers,
  type Member,
  type Members,
  type MembersDeps,
  type Signup,
} from './members.service.ts';
