import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newEventId } from '../../src/events/event-id.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import { until } from '../support/until.ts';

const WEIR = fileURLToPath(new URL('../../src/cli/weir.ts', import.meta.url));

describe('the rig of drills', () => {
  const dir = mkdtempSync(join(tmpdir(), 'weir-rig-'));
  let rig: Rig | undefined;
  after(async () => {
    await rig?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('a frozen PostgreSQL is refused with 503 while the server stays live, thawed it takes events again', async () => {
    rig = await openRig({ dir, seed: 1 });
    const { server, postgres, history } = rig;
    await server.start();
    const [campaign] = await rig.makeCampaigns(1);
    const send = async (event_id: string) => {
      const event = { event_id, campaign_id: campaign, type: 'view' };
      const answer = await fetch(`${server.url}/api/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(event),
      });
      await answer.arrayBuffer();
      return answer;
    };
    const thaw = await postgres.freeze();
    const refused = await send(newEventId());
    assert.equal(refused.status, 503);
    assert.ok(refused.headers.has('retry-after'));
    assert.equal((await fetch(`${server.url}/health/live`)).status, 200);
    thaw();
    const event_id = newEventId();
    await until(async () => (await send(event_id)).ok);
    history.add({ event_id, campaign_id: campaign!, type: 'view', outcome: 'ok' });
  });

  test('a server that is told to stop ends well, and the judgement sees what only the database knows', async () => {
    const { server } = rig!;
    assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null });
    const { lost, dup, mismatch, findings } = await rig!.judge();
    // The event of the frozen moment is kept or not, and nobody told the history of it.
    assert.deepEqual([lost, dup], [0, 0]);
    assert.ok(mismatch <= 1, findings.join('\n'));
  });

  test('weir drill names its scenarios, and refuses one that is not there', async () => {
    const weir = (...args: string[]) =>
      promisify(execFile)(process.execPath, [WEIR, 'drill', ...args], { cwd: tmpdir() });
    const { stdout } = await weir('--list', '--json');
    const names = (JSON.parse(stdout) as { scenarios: { name: string }[] }).scenarios.map(({ name }) => name);
    assert.deepEqual(names, [
      'kill-server',
      'kill-postgres',
      'crash-at-every-step',
      'disk-full',
      'moved-clock',
      'soak',
      'overload',
      'freshness',
      'rolling-restart',
      'crash-at-kafka-steps',
      'kafka-topology',
      'kafka-leader',
    ]);
    await assert.rejects(weir('no-such-thing'), (error: { code?: number; stderr?: string }) => {
      assert.match(error.stderr ?? '', /no scenario of this name/);
      return error.code === 2;
    });
  });
});
