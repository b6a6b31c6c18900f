import { Command } from 'commander';
import { explain } from '../roles/run-server.ts';
import { version } from '../roles/version.ts';
import { addDemo } from './demo.ts';
import { addDlq } from './dlq.ts';
import { addDoctor } from './doctor.ts';
import { addDrill } from './drill.ts';
import { addImport } from './import.ts';
import { addJobs } from './jobs.ts';
import { addLeaveLog } from './leave-log.ts';
import { addLoad } from './load.ts';
import { addMigrate } from './migrate.ts';
import { addMove } from './move.ts';
import { addSearch } from './search.ts';
import { addServe } from './serve.ts';
import { addSimulate } from './simulate.ts';
import { addUser } from './user.ts';
import { addVerify } from './verify.ts';

const program = new Command('weir')
  .description('Counts every view and click exactly once.')
  .version(version)
  .showHelpAfterError()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed or (verify, doctor, dlq) something differs, 2 not understood, 130 interrupted.',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

for (const add of [
  addServe,
  addMigrate,
  addDoctor,
  addImport,
  addVerify,
  addDlq,
  addJobs,
  addUser,
  addDemo,
  addMove,
  addLeaveLog,
  addSearch,
  addLoad,
  addDrill,
  addSimulate,
])
  add(program);

try {
  await program.parseAsync();
} catch (error) {
  explain(error);
  // Whatever it left behind must not keep a failed command from ending.
  process.exit(1);
}
