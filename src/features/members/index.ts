export { maskEmail, registerMemberRoutes } from './members.routes.ts';
export { createMembers, type Member, type Members } from './members.service.ts';
