import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLatencies } from './latency.ts';
import type { LoadProgress } from './load.ts';
import { createLoadView } from './load-view.ts';

/** After `seconds` of 100 events each, of which each took as many milliseconds as its second counts. */
function progressAt(seconds: number): LoadProgress {
  const latencies = createLatencies();
  for (let second = 1; second <= seconds; second += 1) latencies.record(second, 100);
  const sent = 100 * seconds;
  return {
    done: sent,
    of: 1_000,
    inFlight: 3,
    waiting: 0,
    seconds,
    tally: {
      due: 2 * sent,
      sent,
      dropped: 0,
      outcomes: { ok: sent, fail: 0, unknown: 0 },
      tries: sent,
      answers: { 202: sent },
      latency: latencies.counts(),
      late: latencies.counts(),
    },
  };
}

function show(screen: { isTTY?: boolean; columns?: number }, seconds: number): string[] {
  const written: string[] = [];
  const view = createLoadView({ ...screen, write: (text) => written.push(text) }, 'weir load');
  for (let second = 1; second <= seconds; second += 1) view.show(progressAt(second));
  return written;
}

test('a terminal gets one picture drawn over itself, of what was asked, what came, and the last seconds apart from all', () => {
  const [first, ...others] = show({ isTTY: true, columns: 80 }, 10);
  assert.equal(others.length, 9);
  const height = first!.split('\n').length - 1;
  for (const picture of others) assert.ok(picture.startsWith(`\x1b[${height}A`));
  const last = others.at(-1)!.replaceAll('\x1b[K', '').split('\n');
  assert.ok(last.every((line) => line.length < 90));
  const lineOf = (start: string) =>
    last
      .find((line) => line.includes(start))
      ?.split(/\s+/)
      .filter(Boolean);
  assert.deepEqual(lineOf('asked')?.slice(0, 4), ['asked', '200/s', 'acknowledged', '100/s']);
  // Milliseconds: the median of seconds 6 to 10, then of 1 to 10, each at most one percent above.
  const [recent, all] = [Number(lineOf('last 5 s')![3]), Number(lineOf('since start')![2])];
  assert.ok(recent >= 8 && recent < 8.1 && all >= 5 && all < 5.1, `${recent} ${all}`);
  assert.deepEqual(lineOf('  202'), ['202', '100', '1000']);
});

test('what is no terminal gets a line now and then, without control characters', () => {
  const lines = show({}, 6);
  assert.equal(lines.length, 3);
  assert.match(
    lines[2]!,
    /^load: 6 s, asked 200\/s, acknowledged 100\/s, in flight 3, .*late p99 [\d.]+ ms\n$/,
  );
  assert.ok(!lines.join('').includes('\x1b'));
});
