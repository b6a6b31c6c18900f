import type { DaySecrets } from '../../db/day-secrets.ts';
import type { Event, EventSource, EventType, Subject } from '../../events/event.ts';
import { dayOfEventId, newEventId } from '../../events/event-id.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError, type FieldError } from '../../kit/errors.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';
import { createIdentities } from './identity.ts';
import { refuseEventId, resolveOccurredAt } from './occurred-at.ts';
import { createVerdicts, type Judged } from './verdict.ts';

/** One event as a request tells it, already of the right shape. */
export interface EventInput {
  readonly eventId?: string | undefined;
  readonly type: EventType;
  readonly subject: Subject;
  /** Milliseconds since the epoch, as the client claims. */
  readonly occurredAt?: number | undefined;
  readonly referrer?: string | undefined;
  readonly page?: string | undefined;
  /** Only from who may name them: they stand in for the request's own. */
  readonly actor?: string | undefined;
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Who sends: facts of the request, not of the event. */
export interface EventSender {
  /** The signed-in member's actor id. */
  readonly memberActor: string | undefined;
  /** The actor of an anonymous visitor who holds a first-party id; without one it is the hash of the day. */
  readonly visitorActor?: string | undefined;
  readonly ip: string;
  readonly userAgent: string | undefined;
  readonly prefetch: boolean;
  readonly source: EventSource;
}

export type Accepted =
  | { readonly status: 'accepted'; readonly eventId: string }
  | { readonly status: 'refused'; readonly eventId: string | undefined; readonly refusal: AppError };

/** True where the subject is known and live at that instant. Rejects with `unavailable` where nobody can tell now. */
export type FindSubject = (subject: Subject, at: number) => boolean | Promise<boolean>;

export interface IngestDeps {
  readonly log: EventLog;
  readonly findSubject: FindSubject;
  readonly secrets: DaySecrets;
  readonly clock: Clock;
}

export interface IngestOptions {
  readonly retentionDays: number;
  /** False: an actor above ten times the rate is flagged like one above it, never refused. */
  readonly refuseFloods: boolean;
}

export interface Ingest {
  /**
   * Judges and keeps events. Resolves once every accepted one is durable, in the order given; one that is refused never
   * keeps another. Rejects as `EventLog.append` does.
   */
  readonly accept: (inputs: readonly EventInput[], sender: EventSender) => Promise<readonly Accepted[]>;
  readonly queued: () => number;
}

interface Prepared {
  readonly event: Event;
  readonly judged: Judged;
}

export function createIngest(deps: IngestDeps, options: IngestOptions): Ingest {
  const verdicts = createVerdicts();
  const identities = createIdentities(deps.secrets);

  async function prepare(input: EventInput, sender: EventSender): Promise<Prepared | AppError> {
    const receivedAt = deps.clock.now();
    const id = input.eventId?.toLowerCase() ?? newEventId();
    const day = dayOfEventId(id);
    const badId = refuseEventId(id, day, receivedAt, options.retentionDays);
    if (badId) return refusal([{ path: 'event_id', message: badId }]);
    const { occurredAt, flags } = resolveOccurredAt(input.occurredAt, receivedAt);
    const found = deps.findSubject(input.subject, occurredAt);
    if (!(typeof found === 'boolean' ? found : await found)) return unknownSubject(input.subject);

    const ip = input.ip ?? sender.ip;
    const userAgent = input.userAgent ?? sender.userAgent;
    // Who speaks for others is not the one who acted.
    const speaksForOther =
      input.actor !== undefined || input.ip !== undefined || input.userAgent !== undefined;
    const memberActor = speaksForOther ? undefined : sender.memberActor;
    const visitorActor = speaksForOther ? undefined : sender.visitorActor;
    const named = input.actor ?? memberActor ?? visitorActor;
    const visitor = named ?? identities.visitor(ip, userAgent, occurredAt);
    const actor = typeof visitor === 'string' ? visitor : await visitor;
    if (verdicts.exceeds(actor, deps.clock.monotonicMs()) && options.refuseFloods) return flood();
    const sealed = identities.address(ip, receivedAt);
    const address = sealed instanceof Promise ? await sealed : sealed;
    const { subject, type } = input;
    const judged: Judged = { id, subject, type, actor, at: occurredAt, userAgent, prefetch: sender.prefetch };
    const event: Event = {
      id,
      day,
      subject,
      type,
      occurredAt,
      receivedAt,
      actor,
      member: memberActor !== undefined,
      verdict: verdicts.judge(judged),
      flags,
      source: sender.source,
      address,
      userAgent,
      referrer: input.referrer,
      page: input.page,
    };
    return { event, judged };
  }

  async function accept(inputs: readonly EventInput[], sender: EventSender): Promise<readonly Accepted[]> {
    const prepared: (Prepared | AppError)[] = [];
    for (const input of inputs) prepared.push(await prepare(input, sender));
    const good = prepared.filter((one): one is Prepared => !(one instanceof AppError));
    const outcomes = await deps.log.append(good.map((one) => one.event));
    failpoint?.('ingest.before-answer');
    let at = 0;
    return prepared.map((one, index): Accepted => {
      if (one instanceof AppError)
        return { status: 'refused', eventId: inputs[index]?.eventId, refusal: one };
      return conclude(one, outcomes[at++]!);
    });
  }

  function conclude({ event, judged }: Prepared, outcome: AppendOutcome): Accepted {
    if (outcome.status === 'kept') verdicts.committed(judged);
    if (outcome.status === 'kept' || outcome.status === 'duplicate')
      return { status: 'accepted', eventId: event.id };
    const refused = outcome.status === 'reused' ? reused() : unstorable();
    return { status: 'refused', eventId: event.id, refusal: refused };
  }

  return { accept, queued: deps.log.queued };
}

function refusal(errors: readonly FieldError[]): AppError {
  return new AppError('invalid', `${errors[0]!.path}: ${errors[0]!.message}`, { errors });
}

function unknownSubject(subject: Subject): AppError {
  return new AppError(
    'not_found',
    `There is no live ${subject.kind} ${subject.id} at that time; nothing was recorded.`,
    {
      errors: [{ path: `${subject.kind}_id`, message: 'unknown, or not live at the time of the event' }],
    },
  );
}

function reused(): AppError {
  return new AppError(
    'event_id_reused',
    'This event_id already names an event of another subject or type, which stays as it is. Make a new id.',
    {
      errors: [{ path: 'event_id', message: 'used before for another subject or type' }],
    },
  );
}

function unstorable(): AppError {
  return new AppError('invalid', 'The event log could not store this event; nothing of it was kept.', {
    errors: [{ path: '', message: 'not storable' }],
  });
}

function flood(): AppError {
  return new AppError(
    'rate_limited',
    'Too many events of one visitor within a minute. Slow down and repeat after Retry-After.',
    { retryAfter: 30 },
  );
}
