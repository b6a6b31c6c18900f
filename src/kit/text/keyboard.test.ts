import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOtherKeyboard } from './keyboard.ts';

test('what was typed with the keyboard the wrong way round is read both ways', () => {
  for (const [typed, meant] of [
    ['gksrnr', '한국'],
    ['GKSRNR', '한국'],
    ['skawkclsrn', '남자친구'],
    ['ㅗ디ㅣㅐ', 'hello'],
    ['ㅎㅐㅐㅇ', 'good'],
  ] as const)
    assert.equal(readOtherKeyboard(typed), meant);
});

test('what gives no whole word on the other keyboard is left alone', () => {
  for (const typed of ['hello', 'weir', '한국', 'ㅎㄱ', 'ㅋㅋㅋ', 'ㅠㅠ', 's24', 'a', '', '학교abc'])
    assert.equal(readOtherKeyboard(typed), undefined, typed);
});
