/** Renders long texts in a thread of its own. Takes `{id, source}`, answers `{id, html}`. */
import { parentPort } from 'node:worker_threads';
import { renderMarkdown } from './markdown.ts';

export interface RenderTask {
  readonly id: number;
  readonly source: string;
}

export interface Rendered {
  readonly id: number;
  readonly html: string | undefined;
}

parentPort?.on('message', ({ id, source }: RenderTask) => {
  parentPort?.postMessage({ id, html: renderMarkdown(source) } satisfies Rendered);
});
