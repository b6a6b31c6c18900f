export { createNotificationStream, type NotificationStream } from './notification-stream.ts';
export { insertWarning } from './notifications.queries.ts';
export { registerNotificationRoutes } from './notifications.routes.ts';
export { notifyOfComment, notifyOfPost } from './notify.ts';
export { eraseNotifications } from './preferences.queries.ts';
export { pushNotification } from './push-notification.ts';
export { eraseHistory, retireNotifications } from './retire.ts';
export { toText } from './wording.ts';
