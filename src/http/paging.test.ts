import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toKeysetLink, toPage, toPageSlice } from './paging.ts';

describe('pages', () => {
  test('link to their neighbours and keep the other parameters', () => {
    const page = toPage(
      '/api/users?page=2&page_size=10&q=a%20b',
      toPageSlice({ page: 2, page_size: 10 }),
      21,
      [1],
    );
    assert.deepEqual(page, {
      count: 21,
      next: '/api/users?page=3&page_size=10&q=a+b',
      previous: '/api/users?page=1&page_size=10&q=a+b',
      results: [1],
    });
  });
  test('end at the last, an empty list has one', () => {
    assert.deepEqual(toPage('/x', toPageSlice({}), 0, []), {
      count: 0,
      next: null,
      previous: null,
      results: [],
    });
    assert.throws(() => toPage('/x', toPageSlice({ page: 2 }), 20, []), { code: 'page_not_found' });
    assert.equal(toPage('/x?page=2', toPageSlice({ page: 2 }), 21, [1]).next, null);
  });
});

describe('keyset lists', () => {
  const ten = [20, 19, 18, 17, 16, 15, 14, 13, 12, 11];
  test('a full one links to older and newer rows', () => {
    assert.equal(
      toKeysetLink('/api/campaigns?keyword=x', {}, ten),
      '</api/campaigns?keyword=x&last_id=11>; rel="next", </api/campaigns?keyword=x&first_id=20>; rel="prev"',
    );
  });
  test('a short one is the last on its side', () => {
    assert.equal(toKeysetLink('/c?last_id=4', { last_id: 4 }, [3, 2]), '</c?first_id=3>; rel="prev"');
    assert.equal(
      toKeysetLink('/c?first_id=1', { first_id: 1 }, [3, 2]),
      '</c?last_id=2>; rel="next", </c?first_id=3>; rel="prev"',
    );
  });
  test('an empty one lets a client that waits ask again', () => {
    assert.equal(toKeysetLink('/c?first_id=9', { first_id: 9 }, []), '</c?first_id=9>; rel="prev"');
    assert.equal(toKeysetLink('/c', {}, []), undefined);
  });
});
