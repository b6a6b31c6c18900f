import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type LogLine, parseLogLine, parseTime } from './log-line.ts';

const read = (text: string) => parseLogLine(Buffer.from(text));
const problemOf = (text: string) => {
  const parsed = read(text);
  return 'problem' in parsed ? parsed.problem : undefined;
};
function lineOf(text: string): LogLine {
  const parsed = read(text);
  assert.ok('line' in parsed, 'problem' in parsed ? parsed.problem : '');
  return parsed.line;
}

describe('a line of the combined log format', () => {
  test('gives its client, time, request, status, referrer and agent', () => {
    assert.deepEqual(
      lineOf(
        '83.149.9.216 - - [17/May/2015:10:05:03 +0200] "GET /a?b=1 HTTP/1.1" 200 203023 "http://x.test/" "Mozilla/5.0"',
      ),
      {
        host: '83.149.9.216',
        at: Date.UTC(2015, 4, 17, 8, 5, 3),
        method: 'GET',
        target: '/a?b=1',
        status: 200,
        referrer: 'http://x.test/',
        userAgent: 'Mozilla/5.0',
      },
    );
  });

  test('may hold escaped quotes, users with blanks and brackets, no size, no referrer, no agent, and more fields', () => {
    const line = lineOf(
      '2001:db8::1 - Jo [x] Do [17/May/2015:10:05:03 -0330] "GET /\\"a\\" HTTP/2.0" 304 - "-" "a \\\\ \\x22b\\x22" "10.0.0.1"',
    );
    assert.equal(line.host, '2001:db8::1');
    assert.equal(line.at, Date.UTC(2015, 4, 17, 13, 35, 3));
    assert.equal(line.target, '/"a"');
    assert.equal(line.referrer, undefined);
    assert.equal(line.userAgent, 'a \\ "b"');
  });

  test('may tell of a client that spoke no HTTP', () => {
    const line = lineOf('1.2.3.4 - - [17/May/2015:10:05:03 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"');
    assert.deepEqual([line.method, line.target, line.userAgent], ['', '', undefined]);
  });

  test('keeps no NUL and no lone surrogate, which the stores refuse', () => {
    const agent = `\0${'a'.repeat(2_046)}\u{1f30a}`;
    const line = lineOf(`1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "${agent}"`);
    assert.equal(line.userAgent?.length, 2_048);
    assert.ok(line.userAgent?.isWellFormed() && !line.userAgent.includes('\0'));
  });

  test('is refused with its reason where something is missing', () => {
    const head = '1.2.3.4 - - [17/May/2015:10:05:03 +0000]';
    assert.equal(problemOf(''), 'no client address');
    assert.equal(problemOf(`${head} "GET / HTTP/1.1`), 'no "request"');
    assert.equal(problemOf(`${head} "GET / HTTP/1.1" 2x0 1 "-" "-"`), 'no status');
    assert.equal(problemOf(`${head} "GET / HTTP/1.1" 200 many "-" "-"`), 'no size');
    assert.match(problemOf(`${head} "GET / HTTP/1.1" 200 1`) ?? '', /combined/);
    assert.match(problemOf(`${head} "GET / HTTP/1.1" 200 1 "-" "cut of`) ?? '', /combined/);
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void parseLogLine(Buffer.from(bytes))),
    );
    const piece = fc.constantFrom(
      '[',
      ']',
      '"',
      '\\',
      ' ',
      '-',
      '17/May/2015:10:05:03 +0000',
      '200',
      'GET /',
    );
    fc.assert(fc.property(fc.array(piece), (pieces) => void read(pieces.join(''))));
  });
});

describe('a time', () => {
  test('that is on no calendar or clock is refused', () => {
    for (const text of [
      '31/Feb/2015:10:05:03 +0000',
      '00/May/2015:10:05:03 +0000',
      '17/Mai/2015:10:05:03 +0000',
      '17/May/2015:24:05:03 +0000',
      '17/May/2015:10:60:03 +0000',
      '17/May/2015:10:05:61 +0000',
      '17/May/2015:10:05:03 +1600',
      '17/May/1015:10:05:03 +0000',
    ])
      assert.equal(parseTime(text), undefined, text);
    assert.equal(parseTime('31/Dec/2016:23:59:60 +0000'), Date.UTC(2017, 0, 1));
    assert.equal(parseTime('29/Feb/2016:00:00:00 +0900'), Date.UTC(2016, 1, 28, 15));
  });
});
