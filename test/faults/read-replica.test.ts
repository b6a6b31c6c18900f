import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { newEventId } from '../../src/events/event-id.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import {
  makeOwnedDatabase,
  type OwnPostgres,
  openOwnPostgres,
  openStandby,
  withoutOwnPostgres,
} from '../support/own-postgres.ts';
import { makeServerFolder } from '../support/own-server.ts';
import { until } from '../support/until.ts';
import { BROWSER, type Client, signIn } from '../support/weir.ts';

const LAG_SECONDS = 3;
const PASSWORD = 'five-red-lanterns';

interface Shown {
  readonly views: number;
  readonly viewers: number;
  readonly through: number;
  readonly asOf: number;
}

describe('numbers from a streaming standby', { concurrency: false }, () => {
  const skip = withoutOwnPostgres;
  const dir = skip ? '' : makeServerFolder('replica');
  let primary: OwnPostgres;
  let standby: OwnPostgres;
  let rig: Rig;
  let client: Client;
  let campaign: number;
  /** When each event was acknowledged, by the clock that the database has too. */
  const acknowledged: number[] = [];
  before(async () => {
    if (skip) return;
    primary = await openOwnPostgres(dir);
    const url = await makeOwnedDatabase(primary, 'weir');
    standby = await openStandby(dir, primary);
    const env = {
      DATABASE_URL: url,
      DATABASE_REPLICA_URL: standby.url('weir', 'weir'),
      DATABASE_REPLICA_LAG_SECONDS: String(LAG_SECONDS),
      ADMIN_PASSWORD: PASSWORD,
    };
    rig = await openRig({ dir, seed: 1, env });
    await rig.server.start();
    client = await signIn(rig.server.url, { username: 'admin@example.com', password: PASSWORD });
    [campaign] = (await rig.makeCampaigns(1)) as [number];
    await until(isReadThere);
  });
  after(async () => {
    if (skip) return;
    await rig?.close();
    await standby?.end('SIGKILL');
    await primary?.end('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  const view = async () => {
    const event = { event_id: newEventId(), campaign_id: campaign, type: 'view' as const };
    const answer = await fetch(`${rig.server.url}/api/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': `${BROWSER} ${acknowledged.length}` },
      body: JSON.stringify(event),
    });
    assert.equal(answer.status, 202);
    rig.history.add({ ...event, outcome: 'ok' });
    acknowledged.push(Date.now());
  };
  const views = async (count: number) => {
    for (let at = 0; at < count; at += 1) await view();
  };
  const show = async (): Promise<Shown> => {
    const { status, body } = await client('GET', `/api/campaigns/${campaign}/stats?traffic=all`);
    assert.equal(status, 200);
    return {
      views: body.totals.views,
      viewers: body.totals.unique_viewers,
      through: Date.parse(body.complete_through),
      asOf: Date.parse(body.as_of),
    };
  };
  const promised = ({ through }: Shown) => acknowledged.filter((at) => at < through).length;
  const counted = async () => {
    const [row] = await primary.query<{ views: number }>(
      'select sum(views)::int as views from counters_total',
      'weir',
    );
    return row!.views ?? 0;
  };
  /** Whatever follows is not seen there, until it is let go on. */
  const hold = () => standby.query('select pg_wal_replay_pause()');
  const letGo = () => standby.query('select pg_wal_replay_resume()');
  /** Only a standby that is held stands still. */
  async function isReadThere(): Promise<boolean> {
    await hold();
    await until(async () => {
      const [row] = await standby.query<{ state: string }>('select pg_get_wal_replay_pause_state() as state');
      return row!.state === 'paused';
    });
    const first = await show();
    const [row] = await primary.query<{ at: Date }>(
      'select max(updated_at) as at from log_positions',
      'weir',
    );
    await until(async () => {
      const [later] = await primary.query<{ at: Date }>(
        'select max(updated_at) as at from log_positions',
        'weir',
      );
      return later!.at > row!.at;
    });
    const second = await show();
    await letGo();
    return first.through === second.through;
  }
  const doctor = async () => {
    const { code, output } = await rig.command(['doctor', '--json']);
    const { roles } = JSON.parse(output) as { roles: { role: string; state: string }[] };
    return { code, state: roles.find(({ role }) => role === 'numbers')!.state };
  };

  test('no number is smaller than what the answer says to be complete through', { skip }, async () => {
    const sending = views(300);
    let answers = 0;
    let done = false;
    void sending.finally(() => {
      done = true;
    });
    while (!done) {
      const shown = await show();
      assert.ok(shown.views >= promised(shown), JSON.stringify({ shown, promised: promised(shown) }));
      assert.ok(shown.through <= shown.asOf);
      answers += 1;
    }
    await sending;
    assert.ok(answers > 10);
    await until(async () => (await show()).views === acknowledged.length);
    assert.deepEqual([(await doctor()).code, (await show()).viewers], [0, acknowledged.length]);
  });

  test('replay stands still: so does complete_through, and the numbers are those it promises', {
    skip,
  }, async () => {
    await until(async () => promised(await show()) === acknowledged.length);
    await hold();
    const before = await show();
    await views(20);
    await until(async () => (await counted()) === acknowledged.length);
    const held = await show();
    assert.deepEqual(
      [held.views, held.viewers, promised(held)],
      [acknowledged.length - 20, acknowledged.length - 20, acknowledged.length - 20],
    );
    assert.ok(held.through >= before.through && held.through < acknowledged.at(-20)!);
    await letGo();
    await until(async () => (await show()).views === acknowledged.length);
  });

  test('too far behind: the primary answers, and doctor says so', { skip }, async () => {
    await hold();
    await views(5);
    await until(async () => (await show()).views === acknowledged.length);
    const { code, state } = await doctor();
    assert.equal(code, 1);
    assert.match(state, /^not used, lag .* more than 3 s behind\. Numbers come from the primary/);
    await letGo();
    await until(isReadThere);
  });

  test('killed: the primary answers at once, and the standby again when it is back', { skip }, async () => {
    await standby.end('SIGKILL');
    await views(5);
    await until(async () => (await show()).views === acknowledged.length);
    const { code, state } = await doctor();
    assert.equal(code, 1);
    assert.match(state, /^does not answer/);
    await standby.start();
    await until(isReadThere);
  });

  test('frozen: one answer waits a little, the next ones do not', { skip }, async () => {
    // Each of its processes: one that serves a connection goes on without the first one.
    const others = await standby.query<{ pid: number }>(
      'select pid from pg_stat_activity where pid <> pg_backend_pid()',
    );
    const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
      standby.signal(name);
      for (const { pid } of others) process.kill(pid, name);
    };
    signal('SIGSTOP');
    try {
      const waits: number[] = [];
      for (let at = 0; at < 10; at += 1) {
        const begunAt = performance.now();
        await show();
        waits.push(performance.now() - begunAt);
      }
      assert.ok(Math.max(...waits) < 3_000, String(waits));
      assert.equal(waits.filter((ms) => ms > 1_000).length, 1, String(waits));
    } finally {
      signal('SIGCONT');
    }
    await until(isReadThere);
  });

  test('promoted: it is no standby any more, and not used', { skip }, async () => {
    await standby.query('select pg_promote()');
    await views(5);
    await until(async () => (await show()).views === acknowledged.length);
    assert.match((await doctor()).state, /this is no standby/);
    const { lost, dup, mismatch, findings } = await rig.judge();
    assert.deepEqual([lost, dup, mismatch], [0, 0, 0], findings.join('\n'));
  });
});
