import type { Db } from '../../db/pool.ts';

export interface DeviceRow {
  readonly id: number;
  readonly name: string;
  readonly token_end: string;
}

export interface SealedDevice {
  readonly id: number;
  readonly token_hash: Buffer;
  readonly token_sealed: Buffer;
}

export interface NewDevice {
  readonly kind: 'web' | 'fcm';
  readonly name: string;
  readonly tokenHash: Buffer;
  readonly tokenSealed: Buffer;
  readonly tokenEnd: string;
}

export function listDevices(db: Db, memberId: number): Promise<DeviceRow[]> {
  return db.query<DeviceRow>(
    'select id, name, token_end from devices where member_id = $1 order by id',
    [memberId],
    'list_devices',
  );
}

/**
 * A token that another member has moves. `already` where the member has it, `full` where there is no room. The member's
 * row is locked: requests at once cannot pass the limit together.
 */
export function insertDevice(
  db: Db,
  memberId: number,
  device: NewDevice,
  most: number,
): Promise<DeviceRow | 'already' | 'full'> {
  return db.transaction(async (tx) => {
    await tx.query('select 1 from members where id = $1 for no key update', [memberId]);
    const own = await tx.query<{ token_hash: Buffer }>(
      'select token_hash from devices where member_id = $1',
      [memberId],
    );
    if (own.some((row) => row.token_hash.equals(device.tokenHash))) return 'already';
    if (own.length >= most) return 'full';
    const [row] = await tx.query<DeviceRow>(
      `insert into devices (member_id, kind, name, token_hash, token_sealed, token_end) values ($1, $2, $3, $4, $5, $6)
       on conflict (token_hash) do update set member_id = excluded.member_id, name = excluded.name,
         token_sealed = excluded.token_sealed, created_at = now()
       returning id, name, token_end`,
      [memberId, device.kind, device.name, device.tokenHash, device.tokenSealed, device.tokenEnd],
    );
    return row!;
  });
}

/** Returns whether it was there. */
export async function deleteDevice(db: Db, memberId: number, id: number): Promise<boolean> {
  const rows = await db.query('delete from devices where id = $1 and member_id = $2 returning 1', [
    id,
    memberId,
  ]);
  return rows.length > 0;
}

/** Of one device, to be sent to; undefined once it is gone or moved to another member. */
export async function findSealedDevice(
  db: Db,
  memberId: number,
  id: number,
): Promise<SealedDevice | undefined> {
  const [row] = await db.query<SealedDevice>(
    'select id, token_hash, token_sealed from devices where id = $1 and member_id = $2',
    [id, memberId],
    'find_sealed_device',
  );
  return row;
}

/** A dead token goes, unless its owner has registered another under the same row meanwhile. */
export async function deleteDeadToken(db: Db, { id, token_hash }: SealedDevice): Promise<void> {
  await db.query(
    'delete from devices where id = $1 and token_hash = $2',
    [id, token_hash],
    'delete_dead_token',
  );
}

export async function eraseDevices(tx: Db, memberId: number): Promise<void> {
  await tx.query('delete from devices where member_id = $1', [memberId]);
}
