import { enqueue } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';
import type { Prepared } from './images.ts';

export interface AttachmentRow {
  readonly id: string;
  readonly type: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly created_at: Date;
}

const COLUMNS = 'id, type, width, height, bytes, created_at';

/** Undefined where the member's quota has no room. The member's row is locked: uploads at once cannot pass it together. */
export function reserveAttachment(
  db: Db,
  memberId: number,
  image: Pick<Prepared, 'type' | 'width' | 'height'>,
  bytes: number,
  quota: number,
): Promise<AttachmentRow | undefined> {
  return db.transaction(async (tx) => {
    await tx.query('select 1 from members where id = $1 for no key update', [memberId]);
    const [row] = await tx.query<AttachmentRow>(
      `insert into attachments (owner_id, type, width, height, bytes)
       select $1, $2, $3, $4, $5::bigint
       where $5::bigint + (select coalesce(sum(bytes), 0) from attachments where owner_id = $1 and deleted_at is null) <= $6::bigint
       returning ${COLUMNS}`,
      [memberId, image.type, image.width, image.height, bytes, quota],
    );
    return row;
  });
}

/** False where it was removed meanwhile, as one that was never finished. */
export async function finishAttachment(db: Db, id: string): Promise<boolean> {
  const rows = await db.query(
    'update attachments set ready_at = now() where id = $1 and deleted_at is null returning 1',
    [id],
  );
  return rows.length > 0;
}

/** One that can be shown. */
export async function findAttachment(db: Db, id: string): Promise<AttachmentRow | undefined> {
  const [row] = await db.query<AttachmentRow>(
    `select ${COLUMNS} from attachments where id = $1 and ready_at is not null and deleted_at is null`,
    [id],
    'find_attachment',
  );
  return row;
}

export async function readUsage(db: Db, memberId: number): Promise<number> {
  const [row] = await db.query<{ bytes: number }>(
    'select coalesce(sum(bytes), 0)::bigint as bytes from attachments where owner_id = $1 and deleted_at is null',
    [memberId],
  );
  return row!.bytes;
}

export function listAttachments(db: Db, memberId: number, limit: number): Promise<AttachmentRow[]> {
  return db.query<AttachmentRow>(
    `select ${COLUMNS} from attachments
     where owner_id = $1 and ready_at is not null and deleted_at is null order by created_at desc limit $2`,
    [memberId, limit],
  );
}

/** Its objects are removed by the job that is written with it. */
export function deleteAttachment(db: Db, memberId: number, id: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    const rows = await tx.query(
      'update attachments set deleted_at = now() where id = $1 and owner_id = $2 and deleted_at is null returning 1',
      [id, memberId],
    );
    if (rows.length > 0) await enqueue(tx, [{ kind: 'remove-attachment', payload: { attachment_id: id } }]);
    return rows.length > 0;
  });
}

/** Uploads that nobody finished within an hour are deleted. */
export async function deleteUnfinished(db: Db): Promise<void> {
  await db.transaction(async (tx) => {
    const rows = await tx.query<{ id: string }>(
      `update attachments set deleted_at = now()
       where ready_at is null and deleted_at is null and created_at < now() - interval '1 hour' returning id`,
    );
    await enqueue(
      tx,
      rows.map(({ id }) => ({ kind: 'remove-attachment', payload: { attachment_id: id } }) as const),
    );
  });
}

export async function isDeleted(db: Db, id: string): Promise<boolean> {
  const rows = await db.query('select 1 from attachments where id = $1 and deleted_at is not null', [id]);
  return rows.length > 0;
}

export async function forgetAttachment(db: Db, id: string): Promise<void> {
  await db.query('delete from attachments where id = $1', [id]);
}

/** Images stay in what was written with them, as the text does; whose they were is told nowhere any more. */
export async function eraseAttachments(tx: Db, memberId: number): Promise<void> {
  await tx.query('update attachments set owner_id = null where owner_id = $1', [memberId]);
}
