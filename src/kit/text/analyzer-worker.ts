import { parentPort } from 'node:worker_threads';
import { loadMorphemes } from './morphemes.ts';
import { toWordTerms } from './word-terms.ts';

/** The thread of `analyzer.ts`: texts in, their words out, in the order in which they came. */
const port = parentPort!;
// The model's loader says on every start that it is called in an old way, which is its own doing.
console.warn = () => undefined;
const loading = loadMorphemes();
port.on('message', async ({ id, text }: { id: number; text: string }) => {
  try {
    port.postMessage({ id, words: toWordTerms(text, await loading) });
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
