import { LRUCache } from 'lru-cache';
import type { Clock } from '../kit/clock.ts';
import { AppError } from '../kit/errors.ts';

interface RateLimitOptions {
  readonly limit: number;
  readonly windowMs: number;
  readonly clock: Clock;
  /** False takes everything (RATE_LIMITS=off). */
  readonly enabled: boolean;
}

export interface RateLimit {
  /** Takes one of the window's tries, or throws `rate_limited`. Count first, act after: a race cannot pass the limit. */
  readonly take: (key: string) => void;
  /** Gives one try back, where only failures count. */
  readonly giveBack: (key: string) => void;
}

interface Window {
  readonly endsAt: number;
  taken: number;
}

// Bounds the memory that a stranger can fill by inventing keys.
const MAX_KEYS = 100_000;

/** At most `limit` a fixed window and key, kept in this process. */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const windows = new LRUCache<string, Window>({ max: MAX_KEYS });
  return {
    take: (key) => {
      if (!options.enabled) return;
      const now = options.clock.monotonicMs();
      const found = windows.get(key);
      const window = found && found.endsAt > now ? found : { endsAt: now + options.windowMs, taken: 0 };
      if (window !== found) windows.set(key, window);
      if (window.taken >= options.limit) {
        const retryAfter = Math.ceil((window.endsAt - now) / 1000);
        throw new AppError('rate_limited', `Too many tries. Try again in ${retryAfter} s.`, { retryAfter });
      }
      window.taken += 1;
    },
    giveBack: (key) => {
      const window = windows.get(key);
      if (window && window.taken > 0) window.taken -= 1;
    },
  };
}
