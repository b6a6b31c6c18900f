import { hash, verify } from '@node-rs/argon2';
import type { FieldError } from '../../kit/errors.ts';
import { createSemaphore } from '../../kit/semaphore.ts';
import { isCommonPassword } from './common-passwords.ts';

const MIN_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 128;

// argon2id; algorithm 2 by number, since the package's const enum cannot be imported by erasable syntax.
const ARGON2 = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
// Each hash takes 19 MiB and a thread of libuv's four: two leave room for files and DNS, and bound the memory.
const AT_ONCE = 2;
const MAX_WAITING = 64;

export interface Passwords {
  /** An argon2id hash. Throws `overloaded` where too many wait. */
  readonly hash: (password: string) => Promise<string>;
  /** Takes as long without a hash (an unknown account) as with one. */
  readonly verify: (hash: string | undefined, password: string) => Promise<boolean>;
}

export function createPasswords(): Passwords {
  const enter = createSemaphore({
    atOnce: AT_ONCE,
    maxWaiting: MAX_WAITING,
    refusal: 'Too many sign-ins wait. Nothing was done; repeat it after Retry-After.',
  });
  // What unknown accounts are compared with; made once, by the same parameters.
  let dummy: Promise<string> | undefined;
  return {
    hash: (password) => enter(() => hash(password, ARGON2)),
    verify: async (stored, password) => {
      dummy ??= hash('nobody has this password', ARGON2);
      const fallback = await dummy;
      const against = stored ?? fallback;
      // Longer ones cannot be anybody's; cut, so that their time tells nothing and costs nothing.
      const matches = await enter(() => verify(against, password.slice(0, MAX_PASSWORD_LENGTH + 1)));
      return matches && stored !== undefined;
    },
  };
}

/** What is wrong with a new password; no composition rules, they make passwords worse (NIST SP 800-63B). */
export function findPasswordProblem(password: string, username: string): FieldError | undefined {
  const length = [...password].length;
  if (length < MIN_LENGTH || length > MAX_PASSWORD_LENGTH) {
    return { path: 'password', message: `must have ${MIN_LENGTH} to ${MAX_PASSWORD_LENGTH} characters` };
  }
  if (isCommonPassword(password)) {
    return { path: 'password', message: 'is one of the passwords that are tried first; choose another' };
  }
  const names = [username.toLowerCase(), username.toLowerCase().split('@', 1)[0]];
  if (names.includes(password.toLowerCase())) {
    return { path: 'password', message: 'must not be the username' };
  }
  return undefined;
}
