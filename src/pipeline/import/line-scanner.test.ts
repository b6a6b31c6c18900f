import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createLineScanner } from './line-scanner.ts';
import { parseLogLine } from './log-line.ts';

const SAMPLE = new URL('../../../test/data/access-combined.log.gz', import.meta.url);
const scanner = createLineScanner();

/** What the scanner makes of a line, in the shape of the parser's answer. */
function scan(source: Buffer, from: number, to: number) {
  const read = scanner.read({ source, from, to, length: to - from });
  if ('problem' in read) return { problem: read.problem };
  const { at, method, target, status } = read;
  const fields = scanner.fields();
  const text = (start: number, end: number) => fields.source.toString('utf8', start, end);
  const field = (start: number, end: number) => (start === end ? undefined : text(start, end));
  assert.equal(text(fields.targetAt, fields.targetEnd), target);
  const host = text(fields.hostAt, fields.hostEnd);
  const referrer = field(fields.referrerAt, fields.referrerEnd);
  const userAgent = field(fields.agentAt, fields.agentEnd);
  return { line: { host, at, method, target, status, referrer, userAgent } };
}

/** Alone, and amid a chunk whose neighbours would go on with it if its end were overlooked. */
function assertAgrees(line: Buffer): void {
  const expected = parseLogLine(line);
  assert.deepEqual(scan(line, 0, line.length), expected, line.toString('latin1'));
  for (const [before, after] of [
    ['1 - - ', '\n"x" 1'],
    ['\n', '\r\n"-" "-"'],
  ] as const) {
    const chunk = Buffer.concat([Buffer.from(before), line, Buffer.from(after)]);
    assert.deepEqual(scan(chunk, before.length, before.length + line.length), expected);
  }
}

describe('the scanner of lines agrees with the parser', () => {
  test('on the sample', () => {
    const content = gunzipSync(readFileSync(SAMPLE));
    let lines = 0;
    for (let from = 0, to = content.indexOf(10); to >= 0; from = to + 1, to = content.indexOf(10, from)) {
      assert.deepEqual(scan(content, from, to), parseLogLine(content.subarray(from, to)));
      lines += 1;
    }
    assert.equal(lines, 10_000);
  });

  test('on a good line with anything put into, cut out of or written over any place', () => {
    const good =
      '203.0.113.9 - Jo [x] [17/May/2015:10:05:03 +0900] "GET /a?b=1 HTTP/1.1" 200 12 "http://x.test/" "Mozilla/5.0 (X11)" "more"';
    const piece = fc.oneof(
      fc.constantFrom(
        ...[
          '"',
          '\\',
          '\\"',
          ' ',
          '  ',
          ' [',
          '] "',
          '-',
          '\0',
          '\r',
          '\t',
          '\x7f',
          '\xff',
          '\\x22',
          ' HTTP/',
        ],
        ...[
          'é',
          '\u{1f30a}',
          '60',
          '99',
          '31/Feb',
          '29/Feb/2016',
          '1969',
          '+1600',
          '-0330',
          '304',
          '999',
          '0'.repeat(20),
        ],
      ),
      fc.string({ maxLength: 4 }),
    );
    const change = fc.record({ at: fc.nat(good.length), cut: fc.nat(4), piece, raw: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        let line = Buffer.from(good);
        for (const { at, cut, piece: text, raw } of changes) {
          const put = Buffer.from(text, raw ? 'latin1' : 'utf8');
          line = Buffer.concat([line.subarray(0, at), put, line.subarray(at + cut)]);
        }
        assertAgrees(line);
      }),
      { numRuns: 2_000 },
    );
  });

  test('on fields of every length, also those that are cut, and on a line that is no text', () => {
    for (const length of [0, 1, 2, 1_900, 2_047, 2_048, 2_049, 5_000]) {
      const field = 'a'.repeat(length);
      for (const [target, referrer, agent] of [
        [`/${field}`, '-', '-'],
        ['/', field, ''],
        ['/', '', field],
      ])
        assertAgrees(
          Buffer.from(
            `h - - [17/May/2015:10:05:03 +0000] "GET ${target} HTTP/1.1" 200 1 "${referrer}" "${agent}"`,
          ),
        );
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assertAgrees(Buffer.from(bytes))));
  });

  test('on times of one day and of others, one after the other', () => {
    const two = (most: number) =>
      fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, '0'));
    const time = fc
      .tuple(
        two(32),
        fc.constantFrom('Jan', 'Feb', 'Dec', 'Mai'),
        fc.constantFrom('1969', '1970', '2015', '2016'),
      )
      .chain(([day, month, year]) =>
        fc
          .tuple(two(25), two(61), two(62), fc.constantFrom('+', '-', ' '), two(17), two(61))
          .map(
            ([hour, minute, second, sign, zoneHour, zoneMinute]) =>
              `${day}/${month}/${year}:${hour}:${minute}:${second} ${sign}${zoneHour}${zoneMinute}`,
          ),
      );
    fc.assert(
      fc.property(time, (text) =>
        assertAgrees(Buffer.from(`h - - [${text}] "GET / HTTP/1.1" 200 1 "-" "-"`)),
      ),
      { numRuns: 1_000 },
    );
  });
});
