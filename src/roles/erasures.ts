import type { Db } from '../db/pool.ts';
import { eraseAttachments } from '../features/attachments/index.ts';
import { eraseDevices } from '../features/devices/index.ts';
import { eraseReactions, eraseReports } from '../features/moderation/index.ts';
import { eraseNotifications } from '../features/notifications/index.ts';

/** What is kept of a member outside the members' own tables; erased with the account, in one transaction. */
export const ERASURES: readonly ((tx: Db, memberId: number) => Promise<void>)[] = [
  eraseAttachments,
  eraseDevices,
  eraseNotifications,
  eraseReactions,
  eraseReports,
];
