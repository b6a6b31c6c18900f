import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { toUuid8 } from '../ingest/index.ts';

/**
 * Distinct event lines whose copies are told apart. Equal lines share their second, so even in a log that is out of order
 * they stand near each other (at most 120 lines apart in the sample). Copies with more than this many other lines
 * between them count as one: bounded memory (about 30 MB) is worth more than that case.
 */
const REMEMBERED = 200_000;

/**
 * The id of each event line: a UUIDv8 over its bytes and its ordinal among equal lines. A pure function of the lines from
 * the first one on, so every run over the same log gives the same ids. The key is the installation's, not the import's:
 * a log that grew, or overlaps another, finds the lines that are in the event log already.
 */
export function createLineIds(key: Buffer): (line: Buffer) => string {
  const ordinals = new LRUCache<string, number>({ max: REMEMBERED });
  // SHA-256 over key and text, not HMAC: only half of the digest is shown, so nobody can extend it, and Node's HMAC took
  // more than half of the time of reading a log.
  const keyed = (...parts: Buffer[]) => hash('sha256', Buffer.concat([key, ...parts]), 'buffer');
  return (line) => {
    const digest = keyed(line);
    // 96 of 256 bits: for a false match two of the remembered lines would have to agree in all of them.
    const name = digest.toString('latin1', 0, 12);
    const ordinal = ordinals.get(name) ?? 0;
    ordinals.set(name, ordinal + 1);
    if (ordinal === 0) return toUuid8(digest);
    return toUuid8(keyed(digest, Buffer.from(`#${ordinal}`)));
  };
}
