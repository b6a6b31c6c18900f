import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openPostgresSearch } from '../../src/engines/postgres/postgres-search.ts';
import { countWords } from '../../src/engines/postgres/search-words.ts';
import {
  LONGEST_QUESTION,
  MOST_RANKED,
  type Search,
  type SearchDocument,
  type SearchIndex,
} from '../../src/ports/search-index.ts';
import { openTestDatabase, testLog } from '../support/database.ts';

interface Engine {
  readonly index: SearchIndex;
  /** Lets the index count its words, which it otherwise does by itself after a while. */
  readonly settle: () => Promise<void>;
  /** A writer of the same index in another process, or the next one after this was killed. */
  readonly openAnother: () => SearchIndex;
  /** Alters a stored document behind the index's back. */
  readonly alter: (postId: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

async function postgres(): Promise<Engine> {
  const database = await openTestDatabase();
  const { db } = database;
  const openAnother = () => openPostgresSearch({ db, maintenance: db, log: testLog });
  const index = openAnother();
  return {
    index,
    openAnother,
    settle: async () => {
      const { generation } = await index.describe();
      await countWords(db, generation);
    },
    alter: async (postId) => {
      await db.query(`update search_documents set body = body || '!' where post_id = $1`, [postId]);
    },
    close: async () => {
      await index.close();
      await database.close();
    },
  };
}

const DAY_MS = 86_400_000;
const EPOCH = Date.parse('2026-05-01T00:00:00Z');
let lastId = 0;

function buildDocument(
  title: string,
  parts: {
    id?: number;
    revision?: number;
    body?: string;
    board?: number;
    author?: number;
    day?: number;
  } = {},
): SearchDocument & { content: NonNullable<SearchDocument['content']> } {
  lastId += 1;
  return {
    postId: parts.id ?? lastId,
    revision: parts.revision ?? 1,
    sourceHash: createHash('md5').update(title).digest('hex'),
    content: {
      boardId: parts.board ?? 1,
      authorId: parts.author ?? 1,
      createdAt: new Date(EPOCH + (parts.day ?? 0) * DAY_MS),
      title,
      body: parts.body ?? '',
    },
  };
}

const toRemoved = ({ postId }: SearchDocument, revision: number): SearchDocument => ({
  postId,
  revision,
  sourceHash: '',
  content: undefined,
});

for (const [name, openEngine] of Object.entries({ postgres })) {
  describe(`search index: ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await openEngine();
    });
    after(() => engine.close());

    const ask = (text: string, parts: Partial<Search> = {}) =>
      engine.index.search({ text, boardIds: undefined, limit: 20, offset: 0, ...parts });
    const idsOf = async (text: string, parts: Partial<Search> = {}) =>
      (await ask(text, parts)).hits.map((hit) => hit.postId);
    const finds = async (document: SearchDocument, ...questions: string[]) => {
      for (const text of questions)
        assert.ok((await idsOf(text)).includes(document.postId), `${text} finds ${document.postId}`);
    };

    test('SI-1 what was removed is in no answer, whatever it was found by before', async () => {
      const document = buildDocument('삭제될 두루미 이야기');
      await engine.index.index([document]);
      await finds(document, '두루미');
      assert.deepEqual(await engine.index.index([toRemoved(document, 2)]), [{ status: 'indexed' }]);
      for (const text of ['두루미', '두루', 'ㄷㄹㅁ', '"삭제될 두루미"']) {
        const { hits, total } = await ask(text);
        assert.deepEqual({ hits, total }, { hits: [], total: 0 });
      }
    });

    test('SI-2 an older revision neither replaces a newer one nor brings back what was removed', async () => {
      const newer = buildDocument('새로운 올빼미', { revision: 5 });
      const older = { ...buildDocument('낡은 부엉이', { id: newer.postId, revision: 4 }) };
      assert.deepEqual(await engine.index.index([newer]), [{ status: 'indexed' }]);
      assert.deepEqual(await engine.index.index([older]), [{ status: 'older' }]);
      await finds(newer, '올빼미');
      assert.deepEqual(await idsOf('부엉이'), []);
      await engine.index.index([toRemoved(newer, 6)]);
      assert.deepEqual(await engine.index.index([newer]), [{ status: 'older' }]);
      assert.deepEqual(await idsOf('올빼미'), []);
    });

    test('SI-2 of two revisions in one call the newest counts', async () => {
      const second = buildDocument('왜가리 둘째', { revision: 2 });
      const first = buildDocument('왜가리 첫째', { id: second.postId, revision: 1 });
      assert.deepEqual(
        (await engine.index.index([second, first])).map(({ status }) => status),
        ['indexed', 'older'],
      );
      await finds(second, '둘째');
    });

    test('SI-2 writers that race on one post leave its newest revision', async () => {
      const revisions = Array.from({ length: 20 }, (_, at) =>
        buildDocument(`딱따구리 판${at + 1}번`, { id: 900_001, revision: at + 1 }),
      );
      await Promise.all(revisions.toReversed().map((one) => engine.index.index([one])));
      const listed = await engine.index.list(900_000, 1);
      assert.equal(listed[0]?.revision, 20);
    });

    test('SI-3 what was indexed is found at once, and by whoever opens the index next', async () => {
      const document = buildDocument('물총새가 돌아왔다');
      await engine.index.index([document]);
      await finds(document, '물총새');
      const another = engine.openAnother();
      const { hits } = await another.search({ text: '물총새', boardIds: undefined, limit: 1, offset: 0 });
      await another.close();
      assert.equal(hits[0]?.postId, document.postId);
    });

    test('SI-4 a bad document is answered alone; what no store can keep of a text is left out of it', async () => {
      const good = buildDocument('동박새 하나');
      const bad = buildDocument('동박새 둘', { revision: 2 ** 53 * 2 ** 12 });
      const odd = buildDocument('동박새 셋\u0000 \ud800', { body: '\udfff 끝' });
      const outcomes = await engine.index.index([good, bad, odd]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['indexed', 'unindexable', 'indexed'],
      );
      assert.deepEqual((await idsOf('동박새')).toSorted(), [good.postId, odd.postId].toSorted());
    });

    test('SI-5 a rebuild is online, goes on where it was left, and takes over what changed meanwhile', async () => {
      const [one, two, three] = ['갈매기 하나', '갈매기 둘', '갈매기 셋'].map((title) =>
        buildDocument(title),
      );
      await engine.index.index([one!, two!, three!]);
      const first = await engine.index.rebuild();
      assert.equal(first.filledTo, 0);
      await first.fill([one!, two!], two!.postId);
      assert.equal((await idsOf('갈매기')).length, 3, 'the old generation answers');
      const edited = { ...buildDocument('갈매기 아닌 제비갈매기', { id: two!.postId, revision: 2 }) };
      await engine.index.index([edited, toRemoved(three!, 2)]);
      assert.deepEqual((await idsOf('갈매기')).toSorted(), [one!.postId, two!.postId].toSorted());

      const again = await engine.openAnother().rebuild();
      assert.equal(again.filledTo, two!.postId);
      // As read before it was removed.
      assert.deepEqual(await again.fill([three!], three!.postId), [{ status: 'older' }]);
      const before = await engine.index.describe();
      await again.publish();
      await first.publish();
      const { generation, rebuilding } = await engine.index.describe();
      assert.deepEqual([generation > before.generation, before.rebuilding, rebuilding], [true, true, false]);
      await finds(edited, '제비갈매기');
      assert.deepEqual((await idsOf('갈매기')).toSorted(), [one!.postId, two!.postId].toSorted());
    });

    test('SI-6 highlights are safe: all text is escaped, the only tag is mark', async () => {
      const document = buildDocument('<script>alert("뻐꾸기")</script> & 뻐꾸기', {
        body: `<img src=x onerror='뻐꾸기'> ${'가 '.repeat(200)}뻐꾸기시계`,
      });
      await engine.index.index([document]);
      const { hits } = await ask('뻐꾸기');
      const { title, snippet } = hits[0]!;
      assert.equal(
        title,
        '&lt;script&gt;alert(&quot;<mark>뻐꾸기</mark>&quot;)&lt;/script&gt; &amp; <mark>뻐꾸기</mark>',
      );
      assert.equal(`${title}${snippet}`.replaceAll(/<\/?mark>/g, '').match(/[<>]/), null);
      assert.match(snippet, /<mark>뻐꾸기<\/mark>/);
    });

    test('SI-7 filters are exact: boards, author, from inclusive, to exclusive; totals too', async () => {
      const documents = [
        buildDocument('원앙 가', { board: 7, author: 70, day: 1 }),
        buildDocument('원앙 나', { board: 7, author: 71, day: 2 }),
        buildDocument('원앙 다', { board: 8, author: 70, day: 3 }),
      ];
      await engine.index.index(documents);
      const ids = documents.map(({ postId }) => postId);
      const at = (day: number) => new Date(EPOCH + day * DAY_MS);
      const cases: [Partial<Search>, number[]][] = [
        [{}, [0, 1, 2]],
        [{ boardIds: [7] }, [0, 1]],
        [{ boardIds: [8, 9] }, [2]],
        [{ boardIds: [] }, []],
        [{ authorId: 70 }, [0, 2]],
        [{ from: at(2) }, [1, 2]],
        [{ to: at(2) }, [0]],
        [{ from: at(1), to: at(3), boardIds: [7], authorId: 71 }, [1]],
      ];
      for (const [filter, expected] of cases) {
        const { hits, total } = await ask('원앙', filter);
        const want = expected.map((index) => ids[index]!);
        assert.deepEqual(hits.map(({ postId }) => postId).toSorted(), want, JSON.stringify(filter));
        assert.equal(total, want.length);
      }
    });

    test('SI-8 pages neither share a document nor leave one out, equal ones newest first', async () => {
      const documents = Array.from({ length: 25 }, () => buildDocument('참수리'));
      await engine.index.index(documents);
      const pages = await Promise.all([0, 10, 20].map((offset) => idsOf('참수리', { limit: 10, offset })));
      assert.deepEqual(pages.flat(), documents.map(({ postId }) => postId).toReversed());
    });

    test('SI-9 a question of any length and any page is answered; a total says no more than the limit', async () => {
      const endless = await ask('저어새 '.repeat(LONGEST_QUESTION));
      assert.deepEqual(endless.hits, []);
      const syllables = await ask('뷁'.repeat(100_000));
      assert.deepEqual(syllables.hits, []);
      const { hits } = await ask('참수리', { offset: MOST_RANKED - 20 });
      assert.deepEqual(hits, []);
      for (const text of ['', '   ', '!!!', '-', '""', "' & | ! <-> :*", '\u0000', '-원앙'])
        assert.deepEqual((await ask(text)).hits, [], JSON.stringify(text));
    });

    test('verify can tell what is there, what was removed, and what is no longer as it was written', async () => {
      const [kept, removed] = [
        buildDocument('흑두루미', { id: 950_001 }),
        buildDocument('재두루미', { id: 950_002 }),
      ];
      await engine.index.index([kept, toRemoved(removed, 3)]);
      const expected = [
        { postId: 950_001, revision: 1, removed: false, sourceHash: kept.sourceHash, intact: true },
        { postId: 950_002, revision: 3, removed: true, sourceHash: '', intact: true },
      ];
      assert.deepEqual(await engine.index.list(950_000, 10), expected);
      await engine.alter(950_001);
      assert.equal((await engine.index.list(950_000, 1))[0]?.intact, false);
    });

    describe('language', () => {
      const school = buildDocument('경극학교에서 만난 친구', { body: '학교에서는 매일 노래를 불렀다.' });
      const phone = buildDocument('아이폰15 케이스 추천', {
        body: '갤럭시S24도 샀어요. Running shoes, 스타벅스 LG전자',
      });
      const lunch = buildDocument('점심은 먹었어요', { body: '날이 추워서 한국식 찌개를 끓였다' });
      const hello = buildDocument('Hello from the café', { body: 'C++ generously' });
      const slang = buildDocument('맛집추천좀');
      before(async () => {
        await engine.index.index([school, phone, lunch, hello, slang]);
        await engine.settle();
      });

      test('particles: 학교에서 is found by 학교, and 학교 by 학교에서', () =>
        finds(school, '학교', '학교에서', '학교를', '친구와', '노래'));
      test('compounds that nobody parted: 경극학교 is found by 학교, 맛집추천좀 by 추천', async () => {
        await finds(school, '경극', '경극학교', '경극 학교');
        await finds(slang, '맛집', '맛집 추천', '추천좀');
      });
      test('endings: 먹었어요 is found by 먹다 and 먹, 추워서 by 춥다', async () => {
        await finds(lunch, '먹다', '먹', '먹는', '춥다', '추운', '끓이다');
        await finds(school, '부르다', '불러');
      });
      test('initial consonants: ㅎㄱ finds 한국, also inside of a compound', async () => {
        await finds(lunch, 'ㅎㄱ', 'ㅎㄱㅅ', 'ㅈㅅ');
        await finds(school, 'ㅎㄱ', 'ㄱㄱㅎㄱ');
      });
      test('the keyboard the wrong way round, both ways, and the answer says so', async () => {
        const korean = await ask('gksrnr');
        assert.equal(korean.interpretedAs, '한국');
        assert.ok(korean.hits.some(({ postId }) => postId === lunch.postId));
        const english = await ask('ㅗ디ㅣㅐ');
        assert.equal(english.interpretedAs, 'hello');
        assert.equal(english.hits[0]?.postId, hello.postId);
        assert.equal((await ask('running')).interpretedAs, undefined);
      });
      test('Hangul, Latin and digits in one word; brands stay whole', () =>
        finds(
          phone,
          '아이폰',
          '아이폰15',
          '아이폰 15',
          '갤럭시',
          's24',
          '갤럭시 S24',
          '스타벅스',
          'LG',
          '전자',
          'lg전자',
        ));
      test('English stems, accents, C++', () => finds(hello, 'generous', 'café', 'CAFÉ', 'c++', 'hellos'));
      test('English words by their stem', () => finds(phone, 'run', 'runs', 'shoe'));
      test('one text however it is written: NFD, full width', async () => {
        await finds(school, '학교'.normalize('NFD'));
        await finds(phone, 'Ｓ２４', '아이폰１５');
      });
      test('a typing error is named, and what was meant is found', async () => {
        const answer = await ask('학꾜 친구');
        assert.equal(answer.didYouMean, '학교 친구');
        assert.equal(answer.hits[0]?.postId, school.postId);
        assert.equal((await ask('학교')).didYouMean, undefined);
      });
      test('phrases word for word, unwanted words not at all', async () => {
        await finds(school, '"만난 친구"', '"경극학교에서 만난"');
        assert.deepEqual(await idsOf('"친구 만난"'), []);
        assert.deepEqual(await idsOf('추천 -케이스'), [slang.postId]);
        assert.ok(!(await idsOf('학교 -노래')).includes(school.postId));
      });
      test('the place that is shown is the word, whole where its stem is not in it as such', async () => {
        const { hits } = await ask('춥다');
        assert.match(hits[0]!.snippet, /<mark>추워서<\/mark>/);
      });
    });
  });
}
