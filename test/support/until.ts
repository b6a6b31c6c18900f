import { setTimeout as pause } from 'node:timers/promises';

/** Waits until `holds` does, looking every 20 ms; rejects when it did not within `limitMs`. */
export async function until(holds: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const due = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > due)
      throw new Error(`did not come true within ${limitMs} ms: ${holds.toString()}`);
    await pause(20);
  }
}
