import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createZone, type Interval, listBuckets } from './time-buckets.ts';

function starts(zoneName: string, from: string, to: string, interval: Interval): string[] {
  const zone = createZone(zoneName);
  return listBuckets(Date.parse(from), Date.parse(to), interval, zone, 10_000).map(zone.format);
}

describe('rows of a series', () => {
  test('a day of 25 hours has two 01:00, told apart by their offsets', () => {
    assert.deepEqual(
      starts('America/New_York', '2026-11-01T00:00:00-04:00', '2026-11-01T03:00:00-05:00', 'hour'),
      [
        '2026-11-01T00:00:00-04:00',
        '2026-11-01T01:00:00-04:00',
        '2026-11-01T01:00:00-05:00',
        '2026-11-01T02:00:00-05:00',
      ],
    );
    const day = starts('America/New_York', '2026-11-01T00:00:00-04:00', '2026-11-02T00:00:00-05:00', 'hour');
    assert.equal(day.length, 25);
    assert.equal(
      starts('America/New_York', '2026-03-08T00:00:00-05:00', '2026-03-09T00:00:00-04:00', 'hour').length,
      23,
    );
  });

  test('days begin at midnight of the zone on both sides of a change', () => {
    assert.deepEqual(
      starts('America/New_York', '2026-10-31T00:00:00-04:00', '2026-11-03T00:00:00-05:00', 'day'),
      ['2026-10-31T00:00:00-04:00', '2026-11-01T00:00:00-04:00', '2026-11-02T00:00:00-05:00'],
    );
  });

  test('a day whose midnight is skipped begins with its first instant', () => {
    // Chile moves its clocks at midnight.
    assert.deepEqual(
      starts('America/Santiago', '2026-09-05T00:00:00-04:00', '2026-09-08T00:00:00-03:00', 'day'),
      ['2026-09-05T00:00:00-04:00', '2026-09-06T01:00:00-03:00', '2026-09-07T00:00:00-03:00'],
    );
  });

  test('zones of half and quarter hours have their own hours', () => {
    assert.deepEqual(starts('Asia/Kolkata', '2026-05-01T00:00:00Z', '2026-05-01T02:00:00Z', 'hour'), [
      '2026-05-01T05:30:00+05:30',
      '2026-05-01T06:00:00+05:30',
      '2026-05-01T07:00:00+05:30',
    ]);
    assert.deepEqual(starts('Asia/Kathmandu', '2026-05-01T00:15:00Z', '2026-05-01T02:15:00Z', 'hour'), [
      '2026-05-01T06:00:00+05:45',
      '2026-05-01T07:00:00+05:45',
    ]);
  });

  test('an hour ends where a clock moves by half an hour', () => {
    assert.deepEqual(starts('Australia/Lord_Howe', '2026-04-04T14:00:00Z', '2026-04-04T16:30:00Z', 'hour'), [
      '2026-04-05T01:00:00+11:00',
      '2026-04-05T01:30:00+10:30',
      '2026-04-05T02:00:00+10:30',
    ]);
  });

  test('the first row holds only the part in range', () => {
    assert.deepEqual(starts('Asia/Seoul', '2026-05-01T10:07:00+09:00', '2026-05-01T11:03:00+09:00', 'hour'), [
      '2026-05-01T10:07:00+09:00',
      '2026-05-01T11:00:00+09:00',
    ]);
    assert.equal(starts('UTC', '2026-05-01T10:07:00Z', '2026-05-01T10:10:00Z', 'minute').length, 3);
  });
});
