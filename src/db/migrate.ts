import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { failpoint } from '../kit/failpoint.ts';
import type { Db } from './pool.ts';

const FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));
// Any number will do, as long as it is ours alone: two servers that start at once migrate one after the other.
const MIGRATION_LOCK = 7_366_001;

export interface MigrationState {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

/** Which of `migrations/*.sql` this database has and lacks. A database that is newer than this program is refused. */
export async function findMigrations(db: Db): Promise<MigrationState> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  const [table] = await db.query<{ there: boolean }>(
    `select to_regclass('schema_migrations') is not null as there`,
  );
  const rows = table?.there
    ? await db.query<{ name: string }>('select name from schema_migrations order by name')
    : [];
  const applied = rows.map((row) => row.name);
  const unknown = applied.filter((name) => !files.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `The database was migrated by a newer Weir (${unknown.join(', ')} is not known here). Start that version, or restore a copy from before.`,
    );
  }
  return { applied, pending: files.filter((name) => !applied.includes(name)) };
}

/** Applies what is pending, each file in a transaction of its own. Forward only. Returns the names applied. */
export async function migrate(db: Db): Promise<readonly string[]> {
  const applied: string[] = [];
  for (;;) {
    const name = await applyNext(db);
    if (name === undefined) return applied;
    applied.push(name);
    failpoint?.('migrate.between-files');
  }
}

function applyNext(db: Db): Promise<string | undefined> {
  return db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await tx.query(
      'create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null default now())',
    );
    const [next] = (await findMigrations(tx)).pending;
    if (next === undefined) return undefined;
    await tx.query(await readFile(`${FOLDER}${next}`, 'utf8'));
    await tx.query('insert into schema_migrations (name) values ($1)', [next]);
    return next;
  });
}
