import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientAddress, createAddressReader, parseCidr } from './client-address.ts';

const proxies = ['10.0.0.0/8', '::1', '2001:db8:1::/48'].map(parseCidr);

describe('the client’s address', () => {
  test('is the peer’s where no proxy is configured, whatever the header says', () => {
    assert.equal(clientAddress('203.0.113.9', '1.2.3.4', []), '203.0.113.9');
  });
  test('is the peer’s where the peer is no configured proxy', () => {
    assert.equal(clientAddress('203.0.113.9', '1.2.3.4, 10.0.0.1', proxies), '203.0.113.9');
  });
  test('is what the nearest proxy wrote', () => {
    assert.equal(clientAddress('10.0.0.1', '198.51.100.7', proxies), '198.51.100.7');
  });
  test('is not moved by entries that a client forged to the left', () => {
    assert.equal(clientAddress('10.0.0.1', '1.1.1.1, 10.9.9.9, 198.51.100.7', proxies), '198.51.100.7');
  });
  test('is found behind a chain of proxies', () => {
    assert.equal(clientAddress('::1', 'forged, 198.51.100.7, 10.0.0.3,10.0.0.2', proxies), '198.51.100.7');
  });
  test('is the last known hop where an entry is no address', () => {
    for (const junk of ['unknown', '', '_hidden', '1', '0x7f.1', '999.1.1.1', '::ffff:999.1.1.1']) {
      assert.equal(clientAddress('10.0.0.1', `1.1.1.1, ${junk}`, proxies), '10.0.0.1', junk);
    }
  });
  test('is IPv4 where it arrives mapped into IPv6', () => {
    assert.equal(clientAddress('::ffff:203.0.113.9', undefined, []), '203.0.113.9');
    assert.equal(clientAddress('::ffff:10.0.0.1', '::ffff:198.51.100.7', proxies), '198.51.100.7');
    assert.equal(clientAddress('10.0.0.1', '5.5.5.5', [parseCidr('::ffff:10.0.0.0/104')]), '5.5.5.5');
  });
  test('loses port, brackets and zone', () => {
    assert.equal(clientAddress('10.0.0.1', '198.51.100.7:5123', proxies), '198.51.100.7');
    assert.equal(clientAddress('10.0.0.1', '[2001:db8::7]:443', proxies), '2001:db8::7');
    assert.equal(clientAddress('fe80::1%eth0', undefined, []), 'fe80::1');
  });
  test('a setting that is no CIDR is refused', () => {
    for (const wrong of ['all', '10.0.0.0/33', '']) assert.throws(() => parseCidr(wrong), wrong);
  });
  test('is the same when it is remembered, for more clients than are', () => {
    const read = createAddressReader(proxies);
    for (let round = 0; round < 2; round += 1) {
      for (let at = 0; at < 12_000; at += 1) {
        const header = `1.2.3.4, 198.51.${at >> 8}.${at & 255}`;
        assert.equal(read('10.0.0.7', header), clientAddress('10.0.0.7', header, proxies));
        assert.equal(read('203.0.113.9', header), '203.0.113.9');
      }
    }
    const long = `198.51.100.1${' '.repeat(500)}`;
    assert.equal(read('10.0.0.7', long), '198.51.100.1');
    assert.equal(read('10.0.0.7', long), '198.51.100.1');
  });
});
