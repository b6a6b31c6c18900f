import type { Db } from '../../db/pool.ts';
import type { JobPayloads } from '../../events/jobs.ts';
import { AppError } from '../../kit/errors.ts';
import { createSemaphore } from '../../kit/semaphore.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import {
  type AttachmentRow,
  findAttachment,
  finishAttachment,
  forgetAttachment,
  isDeleted,
  reserveAttachment,
} from './attachments.queries.ts';
import { prepareImage } from './images.ts';

export interface AttachmentDeps {
  readonly db: Db;
  readonly objects: ObjectStore;
  readonly quotaBytes: number;
}

/** Decoded at once in one process; an image of 40 million pixels takes 160 MB. */
const inTurn = createSemaphore({
  atOnce: 2,
  maxWaiting: 20,
  refusal: 'Too many images wait to be read. Nothing was kept; repeat after Retry-After.',
});

export type Shape = 'whole' | 'thumbnail';

/** Row, objects, row again: what a crash leaves in between is removed later. */
export async function attach(
  { db, objects, quotaBytes }: AttachmentDeps,
  memberId: number,
  bytes: Buffer,
): Promise<AttachmentRow> {
  const image = await inTurn(() => prepareImage(bytes));
  const size = image.whole.length + image.thumbnail.length;
  const row = await reserveAttachment(db, memberId, image, size, quotaBytes);
  if (!row)
    throw new AppError(
      'conflict',
      `This image takes ${toMegabytes(size)} MB, and your ${toMegabytes(quotaBytes)} MB have no room for it. Delete some first.`,
      { extra: { reason: 'quota' } },
    );
  await objects.put(toKey(row.id, 'whole'), image.whole, image.type);
  await objects.put(toKey(row.id, 'thumbnail'), image.thumbnail, 'image/webp');
  // An hour later it counts as given up.
  if (!(await finishAttachment(db, row.id))) throw unknownAttachment(row.id);
  return row;
}

/** The bytes of one that can be shown, with their type. */
export async function openAttachment(
  { db, objects }: Pick<AttachmentDeps, 'db' | 'objects'>,
  id: string,
  shape: Shape,
): Promise<StoredObject & { readonly type: string }> {
  const row = await findAttachment(db, id);
  if (!row) throw unknownAttachment(id);
  const found = await objects.get(toKey(id, shape));
  if (!found) throw unknownAttachment(id);
  return { ...found, type: shape === 'whole' ? row.type : 'image/webp' };
}

/** Objects first: the row knows of them until they are gone. */
export async function removeAttachment(
  { db, objects }: Pick<AttachmentDeps, 'db' | 'objects'>,
  { attachment_id: id }: JobPayloads['remove-attachment'],
): Promise<void> {
  if (!(await isDeleted(db, id))) return;
  await objects.remove(toKey(id, 'whole'));
  await objects.remove(toKey(id, 'thumbnail'));
  await forgetAttachment(db, id);
}

export function unknownAttachment(id: string): AppError {
  return new AppError('not_found', `There is no attachment ${id}.`);
}

function toKey(id: string, shape: Shape): string {
  return `${id.slice(0, 2)}/${id}${shape === 'whole' ? '' : '.thumbnail'}`;
}

function toMegabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
