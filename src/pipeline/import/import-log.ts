import { createHash, createHmac, randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { DaySecrets } from '../../db/day-secrets.ts';
import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { FindSubject } from '../ingest/index.ts';
import { withImportLock } from './import-lock.ts';
import {
  addCampaign,
  endImport,
  findOrCreateImport,
  type LedgerRow,
  startImport,
} from './imports.queries.ts';
import { createLineEvents } from './line-events.ts';
import { type LineFeed, openLineFeed } from './line-feed.ts';
import { type LogFile, openLogFile } from './line-reader.ts';
import { createProgress, type ImportProgress } from './progress.ts';
import { Interrupted, untilDone } from './retry.ts';
import { createMatcher, DEFAULT_RULES, type ImportRule } from './rules.ts';
import { OTHER_TITLE, type Survey, surveyLog } from './survey.ts';
import { type Totals, writeLines } from './write-lines.ts';

export interface ImportDeps {
  readonly db: Db;
  readonly log: EventLog;
  readonly secrets: DaySecrets;
  readonly clock: Clock;
  /** The campaign of this title that is live from `firstAt` to `lastAt` (milliseconds, both inclusive), made where missing. */
  readonly findOrCreateCampaign: (wanted: {
    title: string;
    firstAt: number;
    lastAt: number;
  }) => Promise<number>;
  /** With it, rules that name a campaign by id are checked before anything is written. */
  readonly findSubject?: FindSubject;
}

export interface ImportOptions {
  readonly path: string;
  readonly rules?: readonly ImportRule[];
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface ImportReport extends Totals {
  /** Undefined where it was interrupted before anything was written. */
  readonly id: number | undefined;
  /** `already_done`: this very log was imported before, and nothing was written now. */
  readonly state: 'done' | 'already_done' | 'interrupted';
  /** Titles and ids of its campaigns. */
  readonly campaigns: Readonly<Record<string, number>>;
}

const NOTHING: Totals = {
  lines: 0,
  events: 0,
  added: 0,
  known: 0,
  reused: 0,
  parked: 0,
  refused: 0,
  passedOver: 0,
};

/**
 * Imports one log. It may be stopped, killed and run again at any time: what is written depends on the log alone.
 * Rejects with AppError `invalid` (not a log, bad rules), `not_found`, `conflict` (another process imports it, or it was
 * begun with other rules).
 */
export async function importLog(deps: ImportDeps, options: ImportOptions): Promise<ImportReport> {
  const rules = options.rules ?? DEFAULT_RULES;
  const file = await openLogFile(options.path);
  const progress = createProgress(deps.clock, file, options.onProgress);
  let feed: LineFeed | undefined;
  try {
    const idKey = await untilDone(() => lineIdKey(deps.secrets), options.signal);
    // The second reading begins beside the first: what it has ready is written as soon as that one is done.
    feed = openLineFeed({ file, rules, idKey });
    const run = { rules, file, progress, feed };
    const survey = await surveyLog(file, createMatcher(rules), options.signal, progress.surveyed);
    if (!survey) throw new Interrupted();
    await checkCampaigns(deps, survey);
    return await withImportLock(deps.db, survey.fingerprint, options.signal, () =>
      runImport(deps, options, { ...run, survey }),
    );
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return { ...NOTHING, id: undefined, state: 'interrupted', campaigns: {} };
  } finally {
    await feed?.close();
  }
}

interface Run {
  readonly rules: readonly ImportRule[];
  readonly file: LogFile;
  readonly survey: Survey;
  readonly feed: LineFeed;
  readonly progress: ReturnType<typeof createProgress>;
}

async function runImport(deps: ImportDeps, options: ImportOptions, run: Run): Promise<ImportReport> {
  const { signal } = options;
  const { db } = deps;
  const row = await untilDone(() => beginImport(db, run), signal);
  if (row.state === 'done') return alreadyDone(row);
  let campaigns = row.campaigns;
  const totals: { -readonly [K in keyof Totals]: Totals[K] } = { ...NOTHING };
  try {
    campaigns = await untilDone(() => findCampaigns(deps, row, run.survey), signal);
    const lineEvents = createLineEvents({
      campaignId: (named) =>
        typeof named === 'number' ? named : (campaigns[named] ?? campaigns[OTHER_TITLE]!),
      salt: row.salt,
      secrets: deps.secrets,
      signal,
    });
    const batches = run.feed.batches();
    const target = { id: row.id, resumeAfter: row.lines, batches, lineEvents, signal };
    await writeLines(deps, target, totals, run.progress);
    await untilDone(() => endImport(db, row.id, 'done'), signal);
    return { ...totals, id: row.id, state: 'done', campaigns };
  } catch (error) {
    if (error instanceof Interrupted) {
      // Where the database is away too, the row shows as interrupted by its age.
      await endImport(db, row.id, 'interrupted').catch(() => undefined);
      return { ...totals, id: row.id, state: 'interrupted', campaigns };
    }
    const why = error instanceof Error ? error.message : String(error);
    // The error itself is thrown on; the row only repeats it.
    await endImport(db, row.id, 'failed', why).catch(() => undefined);
    throw error;
  }
}

function alreadyDone(row: LedgerRow): ImportReport {
  const { id, lines, events, parked, campaigns } = row;
  return { ...NOTHING, lines, events, known: events, parked, id, state: 'already_done', campaigns };
}

async function beginImport(db: Db, { rules, file, survey }: Run): Promise<LedgerRow> {
  const name = basename(file.path);
  const rulesDigest = createHash('sha256').update(JSON.stringify(rules)).digest();
  const row = await findOrCreateImport(db, {
    fingerprint: survey.fingerprint,
    name,
    rulesDigest,
    salt: randomBytes(32),
    linesTotal: survey.lines,
    bytesTotal: file.size,
  });
  if (row.state === 'done') return row;
  if (row.lines > 0 && !row.rules_digest.equals(rulesDigest)) {
    throw new AppError(
      'conflict',
      `${name} was begun with other rules (import ${row.id}, ${row.lines} lines). Finish it with those: other rules would give its lines to other campaigns.`,
    );
  }
  await startImport(db, row.id, { name, bytesTotal: file.size, rulesDigest });
  return row;
}

/** In the order of the log, and noted one by one: a run that was killed here finds those it made. */
async function findCampaigns(
  deps: ImportDeps,
  row: LedgerRow,
  survey: Survey,
): Promise<Readonly<Record<string, number>>> {
  // Without a prototype: a path may be called `constructor`.
  const campaigns: Record<string, number> = Object.assign(Object.create(null), row.campaigns);
  for (const [title, range] of survey.campaigns) {
    if (typeof title === 'number' || campaigns[title] !== undefined) continue;
    const id = await deps.findOrCreateCampaign({ title, ...range });
    await addCampaign(deps.db, row.id, title, id);
    campaigns[title] = id;
  }
  return campaigns;
}

async function checkCampaigns(deps: ImportDeps, survey: Survey): Promise<void> {
  if (!deps.findSubject) return;
  for (const [id, { firstAt, lastAt }] of survey.campaigns) {
    if (typeof id !== 'number') continue;
    for (const at of [firstAt, lastAt]) {
      if (await deps.findSubject({ kind: 'campaign', id }, at)) continue;
      const when = new Date(at).toISOString();
      throw new AppError(
        'invalid',
        `The rules name campaign ${id}, which is not live at ${when}; nothing was imported.`,
      );
    }
  }
}

/** Kept for ever beside the database's other secrets, and not that secret itself. */
async function lineIdKey(secrets: DaySecrets): Promise<Buffer> {
  const secret = await secrets.get('address_hash', 0);
  return createHmac('sha256', secret).update('weir import line id').digest();
}
