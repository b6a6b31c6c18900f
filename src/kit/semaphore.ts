import { AppError } from './errors.ts';

interface SemaphoreOptions {
  readonly atOnce: number;
  readonly maxWaiting: number;
  /** What somebody is told who may not even wait. */
  readonly refusal: string;
}

/** Runs so much work at once, the others in the order of their coming. Rejects with `overloaded` where too many wait. */
export function createSemaphore({ atOnce, maxWaiting, refusal }: SemaphoreOptions) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) throw new AppError('overloaded', refusal);
      // Whoever leaves hands the place over, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
