import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export interface OsUser {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody`; PostgreSQL refuses to run as root. */
const NOBODY: OsUser = { uid: 65534, gid: 65534 };

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Whom PostgreSQL runs as when this process is root: the owner of an existing cluster, so that a cluster made by an
 * ordinary user stays his; otherwise nobody. Undefined when this process is not root: then it runs as we do.
 */
export function findServerUser(clusterDir: string): OsUser | undefined {
  if (!isRoot()) return undefined;
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : NOBODY;
}

/** Whether `user` may pass through `path` and every folder above it (by mode bits; ACLs are not looked at). */
export function canReach(path: string, user: OsUser | undefined): boolean {
  if (!user) return true;
  for (let dir = resolve(path); ; dir = dirname(dir)) {
    const { mode, uid, gid } = statSync(dir);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    if (dirname(dir) === dir) return true;
  }
}
