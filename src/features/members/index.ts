export { registerMemberRoutes, showUsername } from './members.routes.ts';
export { createMembers, type Member, type Members } from './members.service.ts';
