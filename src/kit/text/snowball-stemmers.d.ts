/** The package brings no types; only what is used. */
declare module 'snowball-stemmers' {
  export function newStemmer(language: 'english'): { readonly stem: (word: string) => string };
}
