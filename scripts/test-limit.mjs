/**
 * Loaded into each test file's process: a file that hangs fails after ten minutes, and says what it waited for; the longest
 * takes four on a slow machine. Without it one hanging test would keep all the others from being run.
 */
import { execFileSync } from 'node:child_process';

const LIMIT_MS = 600_000;

function listChildren() {
  try {
    return execFileSync('ps', ['-o', 'pid,etime,args', '--ppid', String(process.pid)], { encoding: 'utf8' });
  } catch {
    return 'its child processes are not known: this system has no ps of that kind';
  }
}

// The runner itself is loaded with it, too.
if (process.env.NODE_TEST_CONTEXT) {
  setTimeout(() => {
    console.error(`${process.argv[1]} was not done after ${LIMIT_MS / 1_000} s. It holds:`);
    console.error(process.getActiveResourcesInfo().join(' '));
    console.error(listChildren());
    process.exit(1);
  }, LIMIT_MS).unref();
}
