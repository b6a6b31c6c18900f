import { hash } from 'node:crypto';
import { toUuid8, visitorHash } from '../ingest/index.ts';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const TEXT_BYTES = 8_192;
/** UTF-8 has at most three bytes for each unit of a string. */
const MOST_UNITS = Math.floor(TEXT_BYTES / 3);

/**
 * `visitorHash` under one salt of at most 64 bytes. HMAC by its definition (RFC 2104) out of two hashes: Node's own prepares
 * its key anew each time, which took two thirds of it.
 */
export function createVisitorHash(salt: Buffer): (text: string) => string {
  const inner = pad(salt, 0x36, TEXT_BYTES);
  const outer = pad(salt, 0x5c, DIGEST_BYTES);
  return (text) => {
    if (text.length > MOST_UNITS) return visitorHash(salt, text);
    const end = BLOCK_BYTES + inner.write(text, BLOCK_BYTES);
    // As strings of bytes: a buffer for each digest takes longer than the hash.
    outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'binary');
    return toUuid8(Buffer.from(hash('sha256', outer, 'binary'), 'binary'));
  };
}

function pad(key: Buffer, by: number, room: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + room);
  for (let at = 0; at < BLOCK_BYTES; at += 1) block[at] = (key[at] ?? 0) ^ by;
  return block;
}
