import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DaySecrets } from '../../db/day-secrets.ts';
import { createAddressReader, toAddressRecord } from './address-seal.ts';

const DAY_MS = 86_400_000;
const keyOf = (day: number) => Buffer.alloc(32, day);

function createSecrets(days: readonly number[]) {
  const reads: number[][] = [];
  const find: DaySecrets['find'] = (_purpose, wanted) => {
    reads.push([...wanted]);
    return Promise.resolve(
      new Map(wanted.filter((day) => days.includes(day)).map((day) => [day, keyOf(day)])),
    );
  };
  const unused = () => assert.fail('a key was asked for that would be made anew');
  return { reads, secrets: { find, get: unused, peek: unused, destroyOld: unused } };
}

function seal(ip: string, day: number, key = keyOf(day)) {
  const { network, sealed } = toAddressRecord(ip, key, Buffer.alloc(32, 99));
  return { received_at: new Date(day * DAY_MS + 1), network, address_sealed: sealed };
}

describe('the reader of addresses', () => {
  test('gives back what was sealed', async () => {
    const sent = ['203.0.113.77', '::ffff:203.0.113.77', '2001:db8:0:5::9', '::1', 'FE80::1'];
    const read = createAddressReader(createSecrets([5]).secrets);
    assert.deepEqual(await read(sent.map((ip) => seal(ip, 5))), [
      '203.0.113.77',
      '203.0.113.77',
      '2001:db8:0:5::9',
      '::1',
      'fe80::1',
    ]);
  });

  test('gives the network where the key is destroyed or made anew, and nothing where there is no address', async () => {
    const read = createAddressReader(createSecrets([6]).secrets);
    const rows = [
      seal('203.0.113.77', 5),
      seal('203.0.113.77', 6, keyOf(7)),
      seal('2001:db8::9', 6, keyOf(7)),
      { received_at: new Date(0), network: null, address_sealed: null },
    ];
    assert.deepEqual(await read(rows), ['203.0.113.0/24', '203.0.113.0/24', '2001:db8::/48', null]);
  });

  test('reads the key of a day once, however many pages it reads', async () => {
    const { secrets, reads } = createSecrets([5, 6]);
    const read = createAddressReader(secrets);
    await read([seal('203.0.113.1', 5), seal('203.0.113.2', 5), seal('203.0.113.3', 6)]);
    await read([seal('203.0.113.4', 6), seal('203.0.113.5', 4)]);
    await read([seal('203.0.113.6', 4)]);
    await read([]);
    assert.deepEqual(reads, [[5, 6], [4]]);
  });
});
