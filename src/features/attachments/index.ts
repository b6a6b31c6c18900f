export { eraseAttachments } from './attachments.queries.ts';
export { registerAttachmentRoutes } from './attachments.routes.ts';
export { removeAttachment, removeUnfinished } from './attachments.service.ts';
