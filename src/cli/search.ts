import type { Command } from 'commander';
import { rebuildSearch, type SearchReport, verifySearch } from '../pipeline/publish/index.ts';
import { createBar, interruptible, print } from './output.ts';
import { withEngines } from './with-engines.ts';

export function addSearch(program: Command): void {
  const search = program.command('search').description('the index in which posts are found');
  search
    .command('rebuild')
    .description('build it anew beside the one that answers, then switch; stopped and run again, it goes on')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: boolean }) => {
      const signal = interruptible();
      const report = await withEngines({}, async ({ maintenance, search: index }) => {
        const bar = createBar('search rebuild');
        try {
          return await rebuildSearch(maintenance, index, { signal, onProgress: bar.update });
        } finally {
          bar.stop();
        }
      });
      const { posts, resumedAfter, unindexable, finished } = report;
      print(json ?? false, report, [
        ...unindexable.map(({ postId, reason }) => `post ${postId} cannot be indexed: ${reason}`),
        `${posts} post(s) indexed${resumedAfter > 0 ? `, on from post ${resumedAfter}` : ''}${finished ? '; the new index answers' : '; stopped, run it again to go on'}`,
      ]);
      if (!finished) process.exitCode = 130;
      else if (unindexable.length > 0) process.exitCode = 1;
    });
  search
    .command('status')
    .description('which index answers')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: boolean }) => {
      const state = await withEngines({}, ({ search: index }) => index.describe());
      print(json ?? false, state, [
        `index ${state.generation}: ${state.documents} post(s)${state.rebuilding ? ', another one is being built' : ''}`,
        ...(state.outdated
          ? ['It reads texts as an older version did. Build it anew: npx weir search rebuild']
          : []),
      ]);
    });
}

/** `weir verify --search`. */
export async function verifySearchIndex(options: { repair: boolean; json: boolean }): Promise<void> {
  const signal = interruptible();
  const report = await withEngines({}, async ({ maintenance, search }) => {
    const bar = createBar('verify search');
    try {
      return await verifySearch(maintenance, search, {
        repair: options.repair,
        signal,
        onProgress: bar.update,
      });
    } finally {
      bar.stop();
    }
  });
  print(options.json, report, describe(report));
  if (!report.finished) process.exitCode = 130;
  else if (report.drifted.length > report.repaired) process.exitCode = 1;
}

const DRIFT = {
  missing: 'is shown, but not found',
  shown: 'is found, though it is not shown',
  stale: 'is found as it was before',
  altered: 'was altered in the index by another hand',
};

function describe({ posts, drifted, waiting, repaired }: SearchReport): string[] {
  return [
    ...drifted.map(({ postId, drift }) => `post ${postId} ${DRIFT[drift]}`),
    `${posts} post(s), drift ${drifted.length}${waiting > 0 ? `, ${waiting} wait to be indexed` : ''}${repaired > 0 ? `, ${repaired} repaired` : ''}`,
  ];
}
