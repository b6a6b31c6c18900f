import { openEmbeddedPostgres } from '../../src/db/embedded/index.ts';
import { createLogger } from '../../src/kit/logger.ts';

/** A process that opens the embedded PostgreSQL, prints one JSON line about it, and closes it on SIGTERM. */
const [dataDir = '', role = 'serve'] = process.argv.slice(2);
const database = await openEmbeddedPostgres({
  dataDir,
  log: createLogger('silent'),
  role: role === 'command' ? 'command' : 'serve',
});
process.once('SIGTERM', () => void database.close());
process.stdout.write(`${JSON.stringify({ url: database.url, owned: database.owned })}\n`);
