import { Worker } from 'node:worker_threads';
import type { WordTerms } from './word-terms.ts';

const SCRIPT = new URL('./analyzer-worker.ts', import.meta.url);
/** So much of a text at once, a few tens of milliseconds: a question never waits longer behind a long text. */
const PIECE_CHARS = 2_000;
const IDLE_MS = 60_000;

/** Reads texts in a thread of its own, for it is slow work. The thread and its 65 MB are there only while they are used. */
export interface Analyzer {
  /** Words of the text, which is normalized already. `urgent`: before everything that is not. */
  readonly analyze: (text: string, options?: { readonly urgent?: boolean }) => Promise<WordTerms[]>;
  readonly close: () => Promise<void>;
}

/** The thread failed at this text; others are not touched by it. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}

interface Task {
  readonly text: string;
  readonly resolve: (words: WordTerms[]) => void;
  readonly reject: (error: Error) => void;
}

type Answer = { readonly id: number; readonly words?: WordTerms[]; readonly error?: string };

export function createAnalyzer({ idleMs = IDLE_MS }: { idleMs?: number } = {}): Analyzer {
  const urgent: Task[] = [];
  const patient: Task[] = [];
  let worker: Worker | undefined;
  let current: { readonly id: number; readonly task: Task } | undefined;
  let sent = 0;
  let idleTimer: NodeJS.Timeout | undefined;
  let closed = false;

  function start(): Worker {
    const made = new Worker(SCRIPT);
    made.on('message', (answer: Answer) => settle(made, answer));
    made.on('error', (error) => lose(made, error));
    made.on('exit', (code) => lose(made, new Error(`the thread that reads texts ended with ${code}`)));
    return made;
  }

  function settle(from: Worker, { id, words, error }: Answer): void {
    if (from !== worker || current?.id !== id) return;
    const { task } = current;
    current = undefined;
    if (words) task.resolve(words);
    else task.reject(new UnreadableText(`The text cannot be read: ${error ?? 'no answer'}`));
    next();
  }

  /** What it was at is given up; what waits goes to a new thread. */
  function lose(lost: Worker, error: unknown): void {
    if (lost !== worker) return;
    worker = undefined;
    const failed = current;
    current = undefined;
    failed?.task.reject(new UnreadableText('The thread that read the text ended.', { cause: error }));
    next();
  }

  function next(): void {
    if (current) return;
    const task = urgent.shift() ?? patient.shift();
    if (!task) {
      rest();
      return;
    }
    clearTimeout(idleTimer);
    worker ??= start();
    worker.ref();
    sent += 1;
    current = { id: sent, task };
    worker.postMessage({ id: sent, text: task.text });
  }

  /** Nothing to do: the process need not live for the thread, and after a while the thread not either. */
  function rest(): void {
    const idle = worker;
    if (!idle) return;
    idle.unref();
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => {
      if (worker === idle) worker = undefined;
      void idle.terminate();
    }, idleMs);
    idleTimer.unref();
  }

  function analyzePiece(text: string, queue: Task[]): Promise<WordTerms[]> {
    if (closed) return Promise.reject(new Error('the analyzer is closed'));
    return new Promise((resolve, reject) => {
      queue.push({ text, resolve, reject });
      next();
    });
  }

  return {
    analyze: async (text, options) => {
      const words: WordTerms[] = [];
      for (const { from, to } of cutPieces(text)) {
        const found = await analyzePiece(text.slice(from, to), options?.urgent ? urgent : patient);
        for (const word of found)
          words.push(from === 0 ? word : { ...word, start: word.start + from, end: word.end + from });
      }
      return words;
    },
    close: async () => {
      closed = true;
      clearTimeout(idleTimer);
      const last = worker;
      worker = undefined;
      for (const task of [current?.task, ...urgent.splice(0), ...patient.splice(0)])
        task?.reject(new Error('the analyzer is closed'));
      current = undefined;
      await last?.terminate();
    },
  };
}

/** At white space where there is any. */
function cutPieces(text: string): { from: number; to: number }[] {
  const pieces: { from: number; to: number }[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + PIECE_CHARS);
    if (to < text.length) {
      const space = /\s\S*$/.exec(text.slice(from, to))?.index ?? 0;
      if (space > 0) to = from + space;
    }
    pieces.push({ from, to });
    from = to;
  }
  return pieces;
}
