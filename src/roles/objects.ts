import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { createDiskObjects } from '../engines/disk/disk-objects.ts';
import { createS3Objects } from '../engines/s3/s3-objects.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/** Where attachments lie: a bucket where one is named, else a folder of this machine. */
export function openObjects({
  attachmentsUrl,
  dataDir,
}: Pick<Config, 'attachmentsUrl' | 'dataDir'>): ObjectStore {
  return attachmentsUrl === undefined
    ? createDiskObjects(join(resolve(dataDir), 'attachments'))
    : createS3Objects(attachmentsUrl);
}
