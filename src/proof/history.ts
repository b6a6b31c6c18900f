import { closeSync, createReadStream, createWriteStream, openSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { EVENT_TYPES, type EventType } from '../events/event.ts';
import { isUuid } from '../events/event-id.ts';

/** `ok`: must be counted once. `fail`: must not be counted. `unknown`: once or not at all. */
export type Outcome = 'ok' | 'fail' | 'unknown';
const OUTCOMES: readonly unknown[] = ['ok', 'fail', 'unknown'];

const PIECE_CHARS = 64 * 1_024;

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

/**
 * NDJSON, a line an event in the order of their ends. The file is made anew. Written in pieces and at once, so that ten
 * million lines need no more memory than one piece, on a slow disk too. `add` throws where the disk refuses.
 */
export function createHistory(path: string): HistoryWriter {
  const file = openSync(path, 'w');
  let text = '';
  const write = () => {
    writeFileSync(file, text);
    text = '';
  };
  return {
    add: (line) => {
      text += `${JSON.stringify(line)}\n`;
      if (text.length >= PIECE_CHARS) write();
    },
    close: async () => {
      try {
        write();
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Puts histories of one run together into `path`, the first of them moved, the others appended, and removes them. */
export async function joinHistories(parts: readonly string[], path: string): Promise<void> {
  const [first, ...others] = parts;
  if (first === undefined) return;
  await rename(first, path);
  for (const part of others) {
    await pipeline(createReadStream(part), createWriteStream(path, { flags: 'a' }));
    await rm(part);
  }
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
