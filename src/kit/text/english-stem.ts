import { createRequire } from 'node:module';
import type { newStemmer } from 'snowball-stemmers';

type Stemmer = ReturnType<typeof newStemmer>;
let stemmer: Stemmer | undefined;

/** Snowball's English stemmer (Porter 2). Its package holds all languages, 5 MB of memory, so it is loaded by the first word. */
export function stemEnglish(word: string): string {
  stemmer ??= (
    createRequire(import.meta.url)('snowball-stemmers') as { newStemmer: typeof newStemmer }
  ).newStemmer('english');
  return stemmer.stem(word);
}
