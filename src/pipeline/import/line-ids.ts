import { hash } from 'node:crypto';
import { createOrdinals, wordAt } from './line-ordinals.ts';
import { MAX_LINE_BYTES, type RawLine } from './line-reader.ts';

/**
 * Distinct event lines whose copies are told apart. Equal lines share their second, so even in a log that is out of order
 * they stand near each other (at most 120 lines apart in the sample). Copies with more than this many other lines
 * between them count as one: bounded memory (8 MB) is worth more than that case.
 */
const REMEMBERED = 200_000;
const ORDINAL_ROOM = 16;
/** Of an id as text. */
export const ID_LENGTH = 36;

const HEX = Buffer.from('0123456789abcdef');
const HYPHEN = 0x2d;

export interface LineIds {
  /** Writes the id of the next event line as ASCII text at `at`; returns its first 40 bits, which order ids as their text does. */
  readonly write: (line: RawLine, into: Uint8Array, at: number) => number;
}

/**
 * The id of each event line: a UUIDv8 over its bytes and its ordinal among equal lines. A pure function of the lines from
 * the first one on, so every run over the same log gives the same ids. The key is the installation's, not the import's:
 * a log that grew, or overlaps another, finds the lines that are in the event log already.
 */
export function createLineIds(key: Uint8Array, remembered = REMEMBERED): LineIds {
  const ordinalOf = createOrdinals(remembered);
  // SHA-256 over key and text, not HMAC: only half of the digest is shown, so nobody can extend it, and Node's HMAC took
  // more than half of the time of reading a log.
  // All of it in one buffer and one call: to join and to hash in steps took as long again. The digest as a string of
  // bytes, since a buffer of its own took more than the hash: 0.35 instead of 0.93 µs.
  const room = Buffer.concat([key, Buffer.alloc(MAX_LINE_BYTES + ORDINAL_ROOM)]);
  const keyed = (bytes: number) => hash('sha256', room.subarray(0, key.length + bytes), 'binary');
  return {
    write: ({ source, from, to }, into, at) => {
      const digest = keyed(source.copy(room, key.length, from, to));
      const ordinal = ordinalOf(digest);
      if (ordinal === 0) return writeUuid8(digest, into, at);
      const copied = room.write(digest, key.length, 'binary');
      return writeUuid8(keyed(copied + room.write(`#${ordinal}`, key.length + copied)), into, at);
    },
  };
}

/** As `toUuid8`, byte by byte to where it belongs. */
function writeUuid8(digest: string, into: Uint8Array, start: number): number {
  let at = start;
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) into[at++] = HYPHEN;
    let byte = digest.charCodeAt(index);
    if (index === 6) byte = (byte & 0x0f) | 0x80;
    else if (index === 8) byte = (byte & 0x3f) | 0x80;
    into[at++] = HEX[byte >> 4]!;
    into[at++] = HEX[byte & 15]!;
  }
  return digest.charCodeAt(0) * 2 ** 32 + (wordAt(digest, 1) >>> 0);
}
