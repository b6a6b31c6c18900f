import { hash } from 'node:crypto';
import { toUuid8 } from '../ingest/index.ts';
import { MAX_LINE_BYTES, type RawLine } from './line-reader.ts';

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
export function createLineIds(key: Buffer, remembered = REMEMBERED): (line: RawLine) => string {
  const ordinalOf = createOrdinals(remembered);
  // SHA-256 over key and text, not HMAC: only half of the digest is shown, so nobody can extend it, and Node's HMAC took
  // more than half of the time of reading a log.
  // All of it in one buffer and one call: to join and to hash in steps took as long again.
  const room = Buffer.concat([key, Buffer.alloc(MAX_LINE_BYTES)]);
  const keyed = (bytes: number) => hash('sha256', room.subarray(0, key.length + bytes), 'buffer');
  return ({ source, from, to }) => {
    const digest = keyed(source.copy(room, key.length, from, to));
    // 96 of 256 bits: for a false match two of the remembered lines would have to agree in all of them.
    const name = digest.toString('latin1', 0, 12);
    const ordinal = ordinalOf(name);
    if (ordinal === 0) return toUuid8(digest);
    const copied = digest.copy(room, key.length);
    return toUuid8(keyed(copied + room.write(`#${ordinal}`, key.length + copied)));
  };
}

/** How often a name came before, of the `most` names that came last: a Map keeps its order, the oldest first. */
function createOrdinals(most: number): (name: string) => number {
  const times = new Map<string, number>();
  // One for all: an iterator that begins anew steps over every place that was deleted at the front.
  let oldest: MapIterator<string> | undefined;
  return (name) => {
    const ordinal = times.get(name) ?? 0;
    if (ordinal > 0) times.delete(name);
    else if (times.size === most) {
      oldest ??= times.keys();
      times.delete(oldest.next().value!);
    }
    times.set(name, ordinal + 1);
    return ordinal;
  };
}
