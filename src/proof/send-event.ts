import type { Outcome } from './history.ts';
import type { HttpAnswer } from './load-answer.ts';
import type { LoadRequest } from './load-request.ts';
import type { LoadClient } from './load-socket.ts';

/** 503 with one of these says that nothing was kept. */
const NOTHING_KEPT: readonly unknown[] = ['overloaded', 'unavailable'];

export interface Answer {
  /** Of each event of the request. */
  readonly outcomes: readonly Outcome[];
  /** Whether a well-behaved client sends it again under the same ids. */
  readonly again: boolean;
  readonly retryAfterMs?: number | undefined;
  /** For the tally. */
  readonly what: string;
}

/** One try. Never rejects: a lost answer is an answer here. */
export async function sendEvent(client: LoadClient, request: LoadRequest): Promise<Answer> {
  const reply = await client.send(request.text);
  if (reply.answer) return toAnswer(reply.answer, request);
  return { outcomes: all(request, reply.sent ? 'unknown' : 'fail'), again: true, what: reply.lost };
}

function toAnswer(answer: HttpAnswer, request: LoadRequest): Answer {
  const { status } = answer;
  if (status >= 200 && status < 300) return toSuccess(answer, request);
  const code = readProblem(answer.body);
  const what = code === undefined ? String(status) : `${status} ${code}`;
  if (status < 500) return { outcomes: all(request, 'fail'), again: false, what };
  const nothingKept = status === 503 && NOTHING_KEPT.includes(code);
  return {
    outcomes: all(request, nothingKept ? 'fail' : 'unknown'),
    again: true,
    retryAfterMs: readRetryAfter(answer.retryAfter),
    what,
  };
}

/** The status is the promise; of a success, the body behind it says nothing new, but for a batch: each of its events. */
function toSuccess(answer: HttpAnswer, request: LoadRequest): Answer {
  const what = String(answer.status);
  if (request.route !== 'batch') return { outcomes: all(request, 'ok'), again: false, what };
  const outcomes = readResults(answer.body, request);
  if (!outcomes) return { outcomes: all(request, 'unknown'), again: true, what: `${what} cut off` };
  const refused = outcomes.some((outcome) => outcome === 'fail');
  return { outcomes, again: false, what: refused ? `${what} some refused` : what };
}

/** `{results: [{status: accepted | refused}]}` in the order of the events, or undefined where that is not what came. */
function readResults(body: Buffer, { events }: LoadRequest): Outcome[] | undefined {
  const { results } = readObject(body);
  if (!Array.isArray(results) || results.length !== events.length) return undefined;
  const outcomes = results.map((one: { status?: unknown } | null): Outcome => {
    if (one?.status === 'accepted') return 'ok';
    return one?.status === 'refused' ? 'fail' : 'unknown';
  });
  return outcomes.includes('unknown') ? undefined : outcomes;
}

function all({ events }: LoadRequest, outcome: Outcome): Outcome[] {
  return events.map(() => outcome);
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function readRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return ms > 0 ? ms : undefined;
}

function readProblem(body: Buffer): string | undefined {
  const { code } = readObject(body);
  return typeof code === 'string' ? code : undefined;
}

function readObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // A proxy's page, or an answer that was cut off: the status is all there is.
    return {};
  }
}
