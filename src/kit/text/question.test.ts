import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuestion, toPhraseText } from './question.ts';

test('a question is words, phrases in quotes, and what a minus says is not wanted', () => {
  assert.deepEqual(parseQuestion('학교 "첫 눈에" -친구 반했어'), {
    wanted: '학교 첫 눈에 반했어',
    phrases: ['첫 눈에'],
    unwanted: ['친구'],
  });
  assert.deepEqual(parseQuestion('-"두 단어" 하나'), { wanted: '하나', phrases: [], unwanted: ['두 단어'] });
  assert.deepEqual(parseQuestion('“둥근 따옴표”'), {
    wanted: '둥근 따옴표',
    phrases: ['둥근 따옴표'],
    unwanted: [],
  });
});

test('a minus inside of a word is none, and a quote that nobody closed reaches to the end', () => {
  assert.deepEqual(parseQuestion('wi-fi'), { wanted: 'wi-fi', phrases: [], unwanted: [] });
  assert.deepEqual(parseQuestion('"열린 채'), { wanted: '열린 채', phrases: ['열린 채'], unwanted: [] });
});

test('nothing is asked by signs alone', () => {
  for (const text of ['', ' ', '-', '""', '!?', '- -', '"'])
    assert.deepEqual(parseQuestion(text), { wanted: '', phrases: [], unwanted: [] }, text);
  assert.equal(toPhraseText('  가나!  다라 '), '가나 다라');
});
