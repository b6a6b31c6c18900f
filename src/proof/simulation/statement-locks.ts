/** Exclusive locks, all of a statement at once: nobody waits in a circle. */
export function createLocks() {
  const waiting = new Map<string, (() => void)[]>();

  function take(keys: readonly string[], taken: () => void): void {
    const busy = keys.find((key) => waiting.has(key));
    if (busy !== undefined) {
      waiting.get(busy)!.push(() => take(keys, taken));
      return;
    }
    for (const key of keys) waiting.set(key, []);
    taken();
  }

  function release(keys: readonly string[]): void {
    const next = keys.flatMap((key) => waiting.get(key) ?? []);
    for (const key of keys) waiting.delete(key);
    for (const go of next) go();
  }

  return { take, release };
}
