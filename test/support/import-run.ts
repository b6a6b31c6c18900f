import { createDaySecrets } from '../../src/db/day-secrets.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { IMPORT_LANES, importLog } from '../../src/pipeline/import/index.ts';
import { open, openTestLog } from './database.ts';

/** A process that imports a log into a database, says `writing` once events are in it, and does not mind being killed. */
const [url = '', path = ''] = process.argv.slice(2);
const db = open(url);
const log = await openTestLog({ db, url }, IMPORT_LANES);
let campaigns = 0;
const report = await importLog(
  {
    db,
    log,
    secrets: createDaySecrets(db),
    clock: systemClock,
    findOrCreateCampaign: async () => ++campaigns,
  },
  {
    path,
    signal: new AbortController().signal,
    onProgress: (at) => {
      if (at.phase === 'write' && at.lines > 2_000) process.stdout.write('writing\n');
    },
  },
);
process.stdout.write(`${JSON.stringify(report)}\n`);
await log.close();
await db.close();
