import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { EVENT_TYPES, type EventType } from '../events/event.ts';
import { isUuid } from '../events/event-id.ts';

/** `ok`: must be counted once. `fail`: must not be counted. `unknown`: once or not at all. */
export type Outcome = 'ok' | 'fail' | 'unknown';
const OUTCOMES: readonly unknown[] = ['ok', 'fail', 'unknown'];

/** What a client knows of one event that it sent, under one id, however often. */
export interface HistoryLine {
  readonly event_id: string;
  readonly campaign_id: number;
  readonly type: EventType;
  readonly outcome: Outcome;
}

export interface HistoryWriter {
  readonly add: (line: HistoryLine) => void;
  /** Resolves when every line is in the file. */
  readonly close: () => Promise<void>;
}

/** NDJSON, a line an event in the order of their ends. The file is made anew. */
export function createHistory(path: string): HistoryWriter {
  const file = createWriteStream(path);
  // Looked at from the start: a disk that is full must fail the run, not end the process in the middle of it.
  const done = finished(file);
  done.catch(() => undefined);
  return {
    add: (line) => void file.write(`${JSON.stringify(line)}\n`),
    close: async () => {
      file.end();
      await done;
    },
  };
}

/** Reads a history in groups, so that one of any length fits. Throws where a line is no history. */
export async function* readHistory(path: string, group: number): AsyncGenerator<HistoryLine[]> {
  let lines: HistoryLine[] = [];
  for await (const text of createInterface({ input: createReadStream(path) })) {
    lines.push(parseHistoryLine(text));
    if (lines.length < group) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}

function parseHistoryLine(text: string): HistoryLine {
  const line = JSON.parse(text) as Partial<HistoryLine> | null;
  const known =
    isUuid(line?.event_id) &&
    Number.isSafeInteger(line?.campaign_id) &&
    Object.hasOwn(EVENT_TYPES, line?.type ?? '') &&
    OUTCOMES.includes(line?.outcome);
  if (!known) throw new Error(`This is no line of a client history: ${text.slice(0, 200)}`);
  return line as HistoryLine;
}
