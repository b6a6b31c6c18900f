import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { markSnippet, markSpans } from './highlight.ts';

describe('highlights', () => {
  test('mark spans and escape everything else; spans that touch or overlap are one', () => {
    assert.equal(
      markSpans('<b>가나다</b>', [
        { start: 3, end: 5 },
        { start: 4, end: 6 },
      ]),
      '&lt;b&gt;<mark>가나다</mark>&lt;/b&gt;',
    );
    assert.equal(markSpans('a & "b"', []), 'a &amp; &quot;b&quot;');
  });

  test('of a long text show where most of them stand, cut at spaces', () => {
    const text = `${'앞 '.repeat(200)}찾는 말 찾는 ${'뒤 '.repeat(200)}`;
    const at = text.indexOf('찾는');
    const html = markSnippet(text, [
      { start: 0, end: 1 },
      { start: at, end: at + 2 },
      { start: at + 5, end: at + 7 },
    ]);
    assert.match(html, /^… 앞 .*<mark>찾는<\/mark> 말 <mark>찾는<\/mark> 뒤.* …$/);
    assert.equal(markSnippet('짧은 글', []), '짧은 글');
  });

  test('whatever the text and the spans are, taking the marks away leaves escaped text alone', () => {
    const text = fc.string({
      unit: fc.constantFrom('<', '>', '&', '"', "'", ' ', '가', 'a', '😀'),
      maxLength: 400,
    });
    const span = fc.tuple(fc.nat(400), fc.nat(20));
    fc.assert(
      fc.property(text, fc.array(span), (given, pairs) => {
        const spans = pairs
          .map(([start, length]) => ({ start, end: Math.min(given.length, start + length) }))
          .filter(({ start, end }) => start < end);
        for (const html of [markSpans(given, spans), markSnippet(given, spans)]) {
          const bare = html.replaceAll(/<\/?mark>/g, '');
          assert.equal(bare.match(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/), null, html);
        }
      }),
    );
  });
});
