import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnswerReader, type HttpAnswer } from './load-answer.ts';

/** The answers in `text` as a connection would bring it, cut at `at`, and then closed. */
function readAll(
  text: string,
  at: number,
): { status: number; body: string; whole: boolean; reusable: boolean }[] {
  const reader = createAnswerReader();
  const answers: (HttpAnswer | undefined)[] = [text.slice(0, at), text.slice(at)]
    .filter((part) => part !== '')
    .map((part) => reader.push(Buffer.from(part)));
  answers.push(reader.end(true));
  return answers
    .filter((answer) => answer !== undefined)
    .map(({ status, body, whole, reusable }) => ({ status, body: body.toString(), whole, reusable }));
}

const ANSWERS = {
  'of a known length': ['HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello', 202, 'hello', true],
  'in chunks, with extensions and trailers': [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n',
    200,
    'hello',
    true,
  ],
  'without a body': ['HTTP/1.1 204 No Content\r\nretry-after: 3\r\n\r\n', 204, '', true],
  'after an interim one': [
    'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 503 \r\ncontent-length: 2\r\n\r\n{}',
    503,
    '{}',
    true,
  ],
  'that the close ends': ['HTTP/1.1 200 OK\r\n\r\nhello', 200, 'hello', false],
  'before a close': ['HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx', 200, 'x', false],
  'of HTTP/1.0': ['HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx', 200, 'x', false],
} as const;

for (const [what, [text, status, body, reusable]] of Object.entries(ANSWERS)) {
  test(`an answer ${what} is the same wherever its bytes are cut`, () => {
    for (let at = 0; at < text.length; at += 1)
      assert.deepEqual(readAll(text, at), [{ status, body, whole: true, reusable }], `cut at ${at}`);
  });
}

test('an answer that ends before its body says so, and one that ends in its head is none', () => {
  const text = 'HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\n\r\nhel';
  assert.deepEqual(readAll(text, 9), [{ status: 202, body: 'hel', whole: false, reusable: false }]);
  assert.deepEqual(readAll(text.slice(0, 30), 9), []);
});

test('an answer that only an error ended is not whole', () => {
  const reader = createAnswerReader();
  reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhello'));
  assert.equal(reader.end(false)?.whole, false);
});

test('two answers of one connection do not mix, and unasked bytes make it unusable', () => {
  const reader = createAnswerReader();
  const one = 'HTTP/1.1 202 Accepted\r\ncontent-length: 1\r\n\r\n';
  assert.equal(reader.push(Buffer.from(`${one}a`))?.body.toString(), 'a');
  const second = reader.push(Buffer.from(`${one}bHTTP/1.1`));
  assert.deepEqual([second?.body.toString(), second?.reusable], ['b', false]);
});

test('what is not HTTP is an error, not an answer', () => {
  for (const text of [
    'SSH-2.0-x\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
  ])
    assert.throws(() => createAnswerReader().push(Buffer.from(text)));
});
