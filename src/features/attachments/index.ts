export { deleteUnfinished, eraseAttachments } from './attachments.queries.ts';
export { registerAttachmentRoutes } from './attachments.routes.ts';
export { removeAttachment } from './attachments.service.ts';
