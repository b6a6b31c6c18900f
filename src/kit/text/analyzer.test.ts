import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnalyzer, UnreadableText } from './analyzer.ts';

test('texts are read in another thread, long ones piece by piece with their places kept', async () => {
  const analyzer = createAnalyzer();
  const text = '학교에서 먹었어요. '.repeat(400);
  const words = await analyzer.analyze(text);
  assert.equal(words.length, 800);
  for (const word of words) assert.equal(text.slice(word.start, word.end), word.text);
  assert.deepEqual(await analyzer.analyze(''), []);
  await analyzer.close();
});

test('a question is read before long texts that came first', async () => {
  const analyzer = createAnalyzer();
  const order: string[] = [];
  const long = analyzer.analyze('긴 글입니다. '.repeat(2_000)).then(() => order.push('text'));
  const question = analyzer.analyze('질문', { urgent: true }).then(() => order.push('question'));
  await Promise.all([long, question]);
  assert.deepEqual(order, ['question', 'text']);
  await analyzer.close();
});

test('the thread ends when it is idle, and there is a new one for what comes then', async () => {
  const analyzer = createAnalyzer({ idleMs: 0 });
  for (const text of ['하나', '둘', '셋']) {
    assert.equal((await analyzer.analyze(text)).length, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await analyzer.close();
});

test('whoever waits when it is closed is told', async () => {
  const analyzer = createAnalyzer();
  const waiting = assert.rejects(
    analyzer.analyze('기다림'),
    (error) => error instanceof Error && !(error instanceof UnreadableText),
  );
  await analyzer.close();
  await waiting;
  await assert.rejects(analyzer.analyze('늦음'));
});
