import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { editDistance, toTrigrams } from './edit-distance.ts';
import { toJamo } from './hangul.ts';

describe('the distance of two words', () => {
  test('counts what was left out, added, mistaken and swapped', () => {
    for (const [a, b, distance] of [
      ['abcd', 'abcd', 0],
      ['abcd', 'abd', 1],
      ['abcd', 'abcde', 1],
      ['abcd', 'abxd', 1],
      ['abcd', 'abdc', 1],
      ['', 'abc', 3],
    ] as const)
      assert.equal(editDistance(a, b, 5), distance);
  });

  test('of Hangul is one of keys: 헤어진 and 해어진 are one apart, 칭구 and 친구 too', () => {
    for (const [a, b] of [
      ['헤어진', '해어진'],
      ['칭구', '친구'],
      ['스트래스', '스트레스'],
    ] as const)
      assert.equal(editDistance(toJamo(a), toJamo(b), 2), 1);
  });

  test('says no more than that there are too many', () => {
    assert.equal(editDistance('abcdef', 'uvwxyz', 2), 3);
    assert.equal(editDistance('a', 'abcdef', 2), 3);
  });

  test('is the same both ways, and 0 only of a word to itself', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b, 20);
        return distance === editDistance(b, a, 20) && (distance === 0) === (a === b);
      }),
    );
  });

  test('trigrams mark where a word begins and ends', () => {
    assert.deepEqual(toTrigrams('abc'), ['  a', ' ab', 'abc', 'bc ']);
  });
});
