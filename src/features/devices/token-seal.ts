import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface TokenSeal {
  /** Equal for equal tokens; tells nothing without the key. */
  readonly hash: (token: string) => Buffer;
  /** nonce, tag and text, bound to the hash: a sealed token cannot be put into another's row. */
  readonly seal: (token: string) => Buffer;
  /** Undefined where another key sealed it, or it was altered. */
  readonly open: (sealed: Buffer, hash: Buffer) => string | undefined;
}

/** Two keys out of one secret (RFC 5869): one to recognise tokens by, one to seal them with. */
export function createTokenSeal(secret: Buffer): TokenSeal {
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', secret, '', `weir device ${use}`, 32));
  const hashKey = derive('hash');
  const sealKey = derive('seal');
  const hash = (token: string) => createHmac('sha256', hashKey).update(token).digest();
  return {
    hash,
    seal: (token) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, sealKey, nonce).setAAD(hash(token));
      const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open: (sealed, tokenHash) => {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      if (tag.length < TAG_BYTES) return undefined;
      const decipher = createDecipheriv(CIPHER, sealKey, nonce).setAAD(tokenHash).setAuthTag(tag);
      try {
        const text = [decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
        return Buffer.concat(text).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}
