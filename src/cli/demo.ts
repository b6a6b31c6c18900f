import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { Engines } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { createCampaign } from '../features/campaigns/index.ts';
import { createMembers } from '../features/members/index.ts';
import { AppError } from '../kit/errors.ts';
import { abortAfter, sleep } from '../kit/wait.ts';
import { interruptible } from './output.ts';
import { withEngines } from './with-engines.ts';

const DAY_MS = 86_400_000;
const ADVERTISERS = [
  { name: 'han-river@example.com', titles: ['한강 봄 축제', 'Riverside Coffee'] },
  { name: 'bookshop@example.com', titles: ['새 학기 책장', 'Night Reading'] },
  { name: 'bicycle@example.com', titles: ['자전거로 출근하기', 'City Bikes'] },
];
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
];

/** Members, advertisers, campaigns and live traffic, sent by HTTP as real clients would, until Ctrl-C. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('fill a running server with campaigns and live simulated traffic, until Ctrl-C or --seconds')
    .option('--seconds <n>', 'stop by itself', Number)
    .option('--rate <n>', 'events a second, at the busiest', Number, 40)
    .action(async (options: { seconds?: number; rate: number }) => {
      const { host, port } = loadConfig();
      const url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
      await requireServer(url);
      const { campaigns, sender } = await withEngines({ migrates: false }, prepare);
      const renew = () => signIn(url, sender);
      console.log(`Traffic flows to ${campaigns.length} campaigns: look at ${url}/ (Ctrl-C stops it)`);
      const signal =
        options.seconds === undefined
          ? interruptible()
          : abortAfter(options.seconds * 1_000, interruptible());
      const sent = await flow(url, renew, campaigns, options.rate, signal);
      console.log(`${sent} events sent.`);
    });
}

async function requireServer(url: string): Promise<void> {
  const live = await fetch(`${url}/health/live`).then(
    (answer) => answer.ok,
    () => false,
  );
  if (!live)
    throw new AppError(
      'unavailable',
      `No Weir answers at ${url}. Start it first, in another terminal: npm start`,
    );
}

interface Sender {
  readonly username: string;
  readonly password: string;
}

/** The demo speaks for its made-up visitors by an admin of its own, whose password nobody keeps. */
async function prepare({ db }: Engines): Promise<{ campaigns: number[]; sender: Sender }> {
  const members = createMembers({ db });
  const sender = { username: 'demo-collector@example.com', password: randomBytes(18).toString('base64url') };
  const known = await members.findByUsername(sender.username);
  if (known) await members.setPassword(known.id, sender.password);
  else await members.create({ ...sender, display_name: 'Demo collector', roles: ['admin'] });
  const campaigns: number[] = [];
  for (const { name, titles } of ADVERTISERS) {
    const owner =
      (await members.findByUsername(name)) ??
      (await members.create({
        username: name,
        password: randomBytes(18).toString('base64url'),
        roles: ['advertiser'],
      }));
    for (const title of titles) campaigns.push(await findOrCreate(db, owner.id, title));
  }
  return { campaigns, sender };
}

async function findOrCreate(db: Engines['db'], ownerId: number, title: string): Promise<number> {
  const [found] = await db.query<{ id: number }>(
    'select id from campaigns where owner_id = $1 and title = $2 and not is_deleted and ends_at > now() limit 1',
    [ownerId, title],
  );
  if (found) return found.id;
  const now = Date.now();
  const { id } = await createCampaign(db, ownerId, {
    title,
    content: `${title} (demo)`,
    start_date: new Date(now - 8 * DAY_MS).toISOString(),
    end_date: new Date(now + 90 * DAY_MS).toISOString(),
    landing_url: 'https://example.com/',
  });
  return id;
}

async function signIn(url: string, sender: Sender): Promise<string> {
  const answer = await fetch(`${url}/api/token/pair`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sender),
  });
  const body = (await answer.json()) as { access?: string; detail?: string };
  if (!body.access) throw new AppError('unavailable', `The demo could not sign in: ${body.detail}`);
  return body.access;
}

/** Busier and quieter in waves, each campaign its own, so that the curves look like curves. */
async function flow(
  url: string,
  renew: () => Promise<string>,
  campaigns: readonly number[],
  rate: number,
  signal: AbortSignal,
): Promise<number> {
  let sent = 0;
  let access = await renew();
  while (!signal.aborted) {
    const seconds = Date.now() / 1_000;
    const events = campaigns.flatMap((id, index) => {
      const wave = 0.55 + 0.45 * Math.sin(seconds / (20 + 7 * index) + index);
      const count = Math.round((rate / campaigns.length / 2) * wave + Math.random());
      return Array.from({ length: count }, () => visit(id));
    });
    const body = JSON.stringify(events.flat());
    const answer = await fetch(`${url}/api/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${access}` },
      body,
    }).catch(() => undefined);
    if (answer?.status === 202) sent += events.flat().length;
    else if (answer?.status === 401) access = await renew();
    await sleep(500, signal);
  }
  return sent;
}

function visit(campaign: number): object[] {
  const visitor = Math.floor(Math.random() ** 2 * 5_000);
  const who = {
    campaign_id: campaign,
    actor_id: `demo-visitor-${visitor}`,
    ip: `198.51.100.${visitor % 254}`,
    user_agent: AGENTS[visitor % 37 === 0 ? 3 : visitor % 3],
  };
  const deeds: object[] = [{ ...who, type: 'view' }];
  if (Math.random() < 0.6) deeds.push({ ...who, type: 'true_view' });
  if (Math.random() < 0.05) deeds.push({ ...who, type: 'click' });
  return deeds;
}
