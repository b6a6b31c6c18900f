import { createTexts } from './batch-texts.ts';
import { type Clients, createClientTable } from './client-table.ts';
import type { BadLine } from './imports.queries.ts';
import { ID_LENGTH, type LineIds } from './line-ids.ts';
import type { RawLine } from './line-reader.ts';
import type { LineFields } from './line-scanner.ts';
import type { Match } from './rules.ts';

/** What the lines read so far came to. */
export interface Reached {
  readonly lines: number;
  readonly events: number;
  readonly parked: number;
  readonly passedOver: number;
}

/**
 * Lines that follow each other: their events, the bad ones, and how far they reach. The arrays have an entry, or a few,
 * for each event, in the order of the lines; they go from thread to thread without being copied.
 */
export interface LineBatch extends Clients {
  readonly reached: Reached;
  /** Of the file (packed, if it is). */
  readonly bytesRead: number;
  /** What it holds in memory, about. */
  readonly bytes: number;
  readonly bad: readonly BadLine[];
  readonly events: number;
  /** The events' places here, in the order of their ids. */
  readonly order: Uint16Array;
  readonly lineNumbers: Float64Array;
  /** Milliseconds since the epoch, as the log has them. */
  readonly times: Float64Array;
  /** ASCII, `ID_LENGTH` bytes each. */
  readonly ids: Uint8Array;
  readonly matches: readonly Match[];
  readonly matchOf: Uint16Array;
  readonly clientOf: Uint16Array;
  /** Three for each event: where in `texts` its page begins, its referrer begins and ends. */
  readonly eventTexts: Uint32Array;
  /** UTF-8. */
  readonly texts: Uint8Array;
}

/** Places are 16 bits, and 13 of the 53 that a number has for the order of ids. */
export const MOST_EVENTS = 8_000;
const PLACES = 8_192;
/** Texts and bad lines of more end a batch as well, so that long lines need no more memory than many. */
const MOST_BYTES = 4 * 1_048_576;
const DAY_MS = 86_400_000;

export interface BatchBuilder {
  readonly addEvent: (raw: RawLine, number: number, at: number, match: Match, fields: LineFields) => void;
  readonly addBad: (line: BadLine, bytes: number) => void;
  readonly isEmpty: () => boolean;
  readonly isFull: () => boolean;
  readonly finish: (reached: Reached, bytesRead: number) => LineBatch;
}

/** A batch of up to `size` events and bad lines together. */
export function createBatch(size: number, lineIds: LineIds): BatchBuilder {
  const lineNumbers = new Float64Array(size);
  const times = new Float64Array(size);
  const keys = new Float64Array(size);
  const ids = new Uint8Array(size * ID_LENGTH);
  const matchOf = new Uint16Array(size);
  const clientOf = new Uint16Array(size);
  const eventTexts = new Uint32Array(size * 3);
  const matches = new Map<Match, number>();
  const bad: BadLine[] = [];
  const texts = createTexts();
  const clients = createClientTable(size, texts);
  let events = 0;
  let badBytes = 0;

  function placeOf(match: Match): number {
    const place = matches.get(match) ?? matches.size;
    matches.set(match, place);
    return place;
  }

  return {
    addEvent: (raw, number, at, match, fields) => {
      const place = events++;
      lineNumbers[place] = number;
      times[place] = at;
      keys[place] = lineIds.write(raw, ids, place * ID_LENGTH) * PLACES + place;
      matchOf[place] = placeOf(match);
      clientOf[place] = clients.placeOf(fields, Math.floor(at / DAY_MS));
      eventTexts[place * 3] = texts.add(fields.source, fields.targetAt, fields.targetEnd);
      eventTexts[place * 3 + 1] = texts.add(fields.source, fields.referrerAt, fields.referrerEnd);
      eventTexts[place * 3 + 2] = texts.length();
    },
    addBad: (line, bytes) => {
      bad.push(line);
      badBytes += bytes;
    },
    isEmpty: () => events + bad.length === 0,
    isFull: () => events + bad.length >= size || texts.length() + badBytes >= MOST_BYTES,
    finish: (reached, bytesRead) => {
      const batch = {
        ...{ reached, bytesRead, bad, events, lineNumbers, times, ids, matchOf, clientOf, eventTexts },
        matches: [...matches.keys()],
        order: Uint16Array.from(keys.subarray(0, events).sort(), (key) => key % PLACES),
        texts: texts.bytes(),
        ...clients.finish(),
      };
      return {
        ...batch,
        bytes: listBuffers(batch).reduce((sum, { byteLength }) => sum + byteLength, badBytes),
      };
    },
  };
}

/** What `postMessage` hands over. */
export function listBuffers(batch: Omit<LineBatch, 'bytes'>): ArrayBuffer[] {
  return Object.values(batch).flatMap((value) =>
    ArrayBuffer.isView(value) ? (value.buffer as ArrayBuffer) : [],
  );
}
