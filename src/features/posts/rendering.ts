import { Worker } from 'node:worker_threads';
import { AppError, invalid } from '../../kit/errors.ts';
import { renderMarkdown } from './markdown.ts';
import type { Rendered, RenderTask } from './markdown-thread.ts';

/** Up to this length the worst known text takes 10 ms, so it is rendered where it is. */
const AT_ONCE_CHARS = 4_000;
const LIMIT_MS = 1_000;
const MAX_WAITING = 64;

export interface Renderer {
  /** Safe HTML. Throws `invalid` for a text that takes too long or becomes too long, `overloaded` where too many wait. */
  readonly render: (path: string, source: string) => string | Promise<string>;
  readonly close: () => Promise<void>;
}

interface Waiting extends RenderTask {
  readonly path: string;
  readonly resolve: (html: string) => void;
  readonly reject: (error: AppError) => void;
}

/**
 * Markdown to HTML, bounded in time: a text of some length goes to a thread, which is ended where one text takes longer
 * than a second. The thread is started by the first such text.
 */
export function createRenderer(limitMs = LIMIT_MS): Renderer {
  const waiting: Waiting[] = [];
  let thread: Worker | undefined;
  let current: Waiting | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ids = 0;

  function start(): Worker {
    const started = new Worker(new URL('./markdown-thread.ts', import.meta.url));
    started.unref();
    started.on('message', ({ id, html }: Rendered) => {
      if (current?.id === id) finish(html);
    });
    // A thread that dies of a text: the text is refused, the next one gets a new thread.
    started.on('error', () => restart(started));
    return started;
  }

  function restart(dead: Worker | undefined): void {
    if (dead !== thread) return;
    thread = undefined;
    void dead?.terminate();
    finish(undefined);
  }

  function finish(html: string | undefined): void {
    clearTimeout(timer);
    const done = current;
    current = undefined;
    if (html === undefined) done?.reject(tooMuch(done.path));
    else done?.resolve(html);
    next();
  }

  function next(): void {
    if (current) return;
    current = waiting.shift();
    if (!current) return;
    thread ??= start();
    const { id, source } = current;
    thread.postMessage({ id, source } satisfies RenderTask);
    timer = setTimeout(() => restart(thread), limitMs);
  }

  return {
    render: (path, source) => {
      if (source.length <= AT_ONCE_CHARS) {
        const html = renderMarkdown(source);
        if (html === undefined) throw tooMuch(path);
        return html;
      }
      if (waiting.length >= MAX_WAITING)
        throw new AppError(
          'overloaded',
          'Too many long texts wait. Nothing was kept; repeat after Retry-After.',
        );
      return new Promise((resolve, reject) => {
        waiting.push({ id: ++ids, path, source, resolve, reject });
        next();
      });
    },
    close: async () => {
      clearTimeout(timer);
      await thread?.terminate();
    },
  };
}

function tooMuch(path: string): AppError {
  return invalid([
    { path, message: 'is too complicated to be shown; use fewer nested marks and table cells' },
  ]);
}
