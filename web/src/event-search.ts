/** Which raw events are looked at, as the page's address says it. */
import type { EventQuery, EventType, Traffic } from './api.ts';
import { oneOf, parseWalls, parseZone, type Span, TRAFFICS } from './range.ts';
import { toInstant } from './zones.ts';

export const EVENT_TYPES: readonly EventType[] = ['view', 'true_view', 'click'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PAGE = 50;

export interface EventSearch extends Pick<Span, 'from' | 'to' | 'tz'> {
  type?: EventType;
  traffic: Traffic;
  event_id?: string;
  /** only what comes after this row, newest first */
  after?: string;
}

export const isEventId = (text: string): boolean => UUID.test(text);

export const parseEventSearch = (search: Record<string, unknown>): EventSearch => {
  const type = oneOf(EVENT_TYPES, search.type);
  return {
    tz: parseZone(search.tz),
    traffic: oneOf(TRAFFICS, search.traffic) ?? 'all',
    ...parseWalls(search),
    ...(type && { type }),
    ...(typeof search.event_id === 'string' && isEventId(search.event_id) && { event_id: search.event_id }),
    ...(typeof search.after === 'string' && { after: search.after }),
  };
};

export const isFiltered = ({ from, to, type, traffic, event_id }: EventSearch): boolean =>
  !!(from || to || type || event_id) || traffic !== 'all';

/** With an end alone the server takes the 24 hours before it; here an empty start means from the beginning. */
export const toEventQuery = ({ tz, from, to, ...rest }: EventSearch): EventQuery => {
  const instant = (wall: string) => new Date(toInstant(wall, tz)).toISOString();
  const start = from ? instant(from) : to && new Date(0).toISOString();
  return { ...rest, limit: PAGE, ...(start && { from: start }), ...(to && { to: instant(to) }) };
};
