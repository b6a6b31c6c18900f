import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LRUCache } from 'lru-cache';
import { toUuid8 } from '../ingest/index.ts';
import { createLineIds, ID_LENGTH } from './line-ids.ts';
import type { RawLine } from './line-reader.ts';
import { createVisitorHash } from './visitor-hash.ts';

const key = randomBytes(32);

/** Ids as text, each checked against the number that orders it. */
function createFastLineIds(...args: Parameters<typeof createLineIds>): (line: RawLine) => string {
  const ids = createLineIds(...args);
  const text = Buffer.alloc(2 + ID_LENGTH);
  return (line) => {
    const order = ids.write(line, text, 2);
    const id = text.toString('latin1', 2);
    assert.equal(order, Number.parseInt(id.replace('-', '').slice(0, 10), 16));
    return id;
  };
}

/** By definition, step by step. */
function createSlowLineIds(remembered: number): (line: Buffer) => string {
  const ordinals = new LRUCache<string, number>({ max: remembered });
  const keyed = (...parts: (Buffer | string)[]) => {
    const hash = createHash('sha256').update(key);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  return (line) => {
    const digest = keyed(line);
    const name = digest.toString('hex', 0, 12);
    const ordinal = ordinals.get(name) ?? 0;
    ordinals.set(name, ordinal + 1);
    return toUuid8(ordinal === 0 ? digest : keyed(digest, `#${ordinal}`));
  };
}

describe('ids and visitors of lines', () => {
  test('an id is of the line, its ordinal and the key, as logs imported before had it', () => {
    const lineId = createFastLineIds(Buffer.alloc(32, 7));
    const source = Buffer.from('before a line\nafter');
    const line = { source, from: 7, to: 13, length: 6 };
    assert.deepEqual(
      [lineId(line), lineId(line)],
      ['99699200-d5db-82c0-a88b-9dbceddbb01b', '74861a33-4847-8766-9e76-16ff7a7dcfda'],
    );
  });

  test('ordinals are those of the names that came last, whatever comes in which order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(12), { maxLength: 200 }),
        fc.integer({ min: 1, max: 10 }),
        (lines, remembered) => {
          const fast = createFastLineIds(key, remembered);
          const slow = createSlowLineIds(remembered);
          for (const line of lines) {
            const source = Buffer.from(`a line ${line}`);
            assert.equal(fast({ source, from: 0, to: source.length, length: source.length }), slow(source));
          }
        },
      ),
    );
  });

  test('a visitor is the HMAC of its text under the salt', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.array(
          fc.oneof(
            fc.string({ unit: 'grapheme' }),
            fc.nat(9_000).map((length) => 'é'.repeat(length)),
          ),
        ),
        (bytes, texts) => {
          const salt = Buffer.from(bytes);
          const visitorHash = createVisitorHash(salt);
          for (const text of texts)
            assert.equal(visitorHash(text), toUuid8(createHmac('sha256', salt).update(text).digest()));
        },
      ),
    );
  });
});
