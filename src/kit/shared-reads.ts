import { sleep } from './wait.ts';

/** A read that hangs must not keep those behind it waiting for the whole of its time. */
const LONGEST_WAIT_MS = 250;

/** Runs `read`, or shares a run of it with everybody else who asks for `key`. */
export type ShareReads = <T>(key: string, read: () => Promise<T>) => Promise<T>;

interface Reads {
  readonly running: Promise<unknown>;
  next: Promise<unknown> | undefined;
}

/**
 * Answers any number of callers by few reads, without an age: whoever asks while a read is under way is answered by the next
 * one, which begins after it asked, so each answer is as fresh as one of its own would be (linearizable; Herlihy and Wing).
 * The next one begins when the one before has ended, or 250 ms after it was first asked for. What is read under one key must
 * be the same for everybody who may ask for it, and nobody may change it.
 */
export function createSharedReads(): ShareReads {
  const keys = new Map<string, Reads>();

  function start<T>(key: string, read: () => Promise<T>): Promise<T> {
    const running = read();
    const reads: Reads = { running, next: undefined };
    keys.set(key, reads);
    const forget = () => {
      if (keys.get(key) === reads && !reads.next) keys.delete(key);
    };
    running.then(forget, forget);
    return running;
  }

  async function startAfter<T>(running: Promise<unknown>, key: string, read: () => Promise<T>): Promise<T> {
    const given = new AbortController();
    const ended = running.catch(() => undefined).finally(() => given.abort());
    await Promise.race([ended, sleep(LONGEST_WAIT_MS, given.signal)]);
    return start(key, read);
  }

  return <T>(key: string, read: () => Promise<T>) => {
    const reads = keys.get(key);
    if (!reads) return start(key, read);
    reads.next ??= startAfter(reads.running, key, read);
    return reads.next as Promise<T>;
  };
}
