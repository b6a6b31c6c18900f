import { createRecentKeys } from '../../kit/recent-keys.ts';

/** Words of a name that are compared: 96 bits. For a false match two of the remembered lines would have to agree in all of them. */
const WORDS = 3;

/** How often a name came before, of the `most` names that came last. Names are digests, as strings of bytes. */
export function createOrdinals(most: number): (digest: string) => number {
  const names = createRecentKeys(most, WORDS);
  const times = new Uint32Array(most);
  return (digest) => {
    for (let word = 0; word < WORDS; word += 1) names.key[word] = wordAt(digest, word * 4);
    const known = names.find();
    if (known >= 0) return times[known]!++;
    times[names.add()] = 1;
    return 0;
  };
}

/** Four bytes of a digest. */
export function wordAt(digest: string, at: number): number {
  return (
    (digest.charCodeAt(at) << 24) |
    (digest.charCodeAt(at + 1) << 16) |
    (digest.charCodeAt(at + 2) << 8) |
    digest.charCodeAt(at + 3)
  );
}
