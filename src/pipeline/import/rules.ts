import { EVENT_TYPES, type EventType } from '../../events/event.ts';
import { AppError } from '../../kit/errors.ts';
import type { Request } from './line-scanner.ts';

/** One rule: requests of these paths, methods and statuses are events of that campaign. The first that fits decides. */
export interface ImportRule {
  /** `/a` is that path, `/a/*` all below it; a `*` stands for any characters, slashes too, anywhere. Without the query. */
  readonly path: string;
  readonly method: readonly string[];
  /** `304`, or a class: `2xx`. */
  readonly status: readonly (number | string)[];
  /** Whether style sheets, scripts, images and fonts fit too. */
  readonly assets: boolean;
  /** `ignore`: requests that fit are no events. */
  readonly type: EventType | 'ignore';
  /** A title, found or created; `{1}` is the first part of the path. Or the id of a campaign that is there. */
  readonly campaign: string | number;
}

export interface Match {
  readonly type: EventType;
  readonly campaign: string | number;
}

export type Matcher = (request: Request) => Match | undefined;

const DEFAULTS = {
  method: ['GET'],
  status: ['2xx', 304],
  assets: false,
  type: 'view',
  campaign: '/{1}',
} as const;
/** Where no rules are given: pages that were delivered are views of a campaign for the first part of their path. */
export const DEFAULT_RULES: readonly ImportRule[] = [{ path: '/*', ...DEFAULTS }];

const ASSET = /\.(?:css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|bmp|woff2?|ttf|otf|eot)$|^\/robots\.txt$/i;
/** A dot and the longest of those. */
const ASSET_LENGTH = '.woff2'.length;
const MATCHES_KEPT = 1_000;
const FIELDS = new Set(['path', 'method', 'status', 'assets', 'type', 'campaign']);
const TITLE_LENGTH = 100;

/** Reads a rules file: `{"rules": [{path, type, campaign, method, status, assets}]}`. Throws one error with every problem. */
export function parseRules(text: string): readonly ImportRule[] {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid', `The rules file is no JSON: ${(cause as Error).message}.`, { cause });
  }
  const problems: { path: string; message: string }[] = [];
  const report = (path: string, message: string) => problems.push({ path, message });
  const list = isRecord(root) ? root.rules : undefined;
  if (isRecord(root)) {
    for (const name of Object.keys(root)) if (name !== 'rules') report(name, 'is not known');
  }
  if (!Array.isArray(list) || list.length === 0) report('rules', 'must be a list of at least one rule');
  const rules = (Array.isArray(list) ? list : []).map((rule, index) =>
    parseRule(rule, `rules.${index}`, report),
  );
  if (problems.length > 0) {
    const all = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new AppError('invalid', `The rules file has problems: ${all}.`, { errors: problems });
  }
  return rules;
}

function parseRule(value: unknown, at: string, report: (path: string, message: string) => void): ImportRule {
  const rule = isRecord(value) ? value : {};
  if (!isRecord(value)) report(at, 'must be an object');
  for (const name of Object.keys(rule)) if (!FIELDS.has(name)) report(`${at}.${name}`, 'is not known');
  const { path, type = DEFAULTS.type, assets = DEFAULTS.assets } = rule;
  const method = toList(rule.method ?? DEFAULTS.method);
  const status = toList(rule.status ?? DEFAULTS.status);
  const campaign = rule.campaign ?? (type === 'ignore' ? DEFAULTS.campaign : undefined);
  if (typeof path !== 'string' || !/^[/*]/.test(path))
    report(`${at}.path`, 'must be a text that begins with / or *');
  if (typeof type !== 'string' || !(type === 'ignore' || Object.hasOwn(EVENT_TYPES, type)))
    report(`${at}.type`, `must be one of ${[...Object.keys(EVENT_TYPES), 'ignore'].join(', ')}`);
  if (!method.length || !method.every((one) => typeof one === 'string' && /^[A-Z]+$/.test(one)))
    report(`${at}.method`, 'must be a method in capitals such as GET, or a list of them');
  if (!status.length || !status.every(isStatus))
    report(`${at}.status`, 'must be a status such as 304, a class such as "2xx", or a list of them');
  if (typeof assets !== 'boolean') report(`${at}.assets`, 'must be true or false');
  if (!isTitle(campaign) && !(Number.isSafeInteger(campaign) && Number(campaign) > 0))
    report(`${at}.campaign`, `must be a title of 1 to ${TITLE_LENGTH} characters, or a campaign's id`);
  return { path, type, assets, method, status, campaign } as ImportRule;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isStatus(value: unknown): boolean {
  if (typeof value === 'string') return /^[1-5]xx$/.test(value);
  return Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;
}

function isTitle(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= TITLE_LENGTH;
}

export function createMatcher(rules: readonly ImportRule[]): Matcher {
  const compiled = rules.map((rule) => ({
    ...rule,
    methods: new Set(rule.method),
    statuses: toStatuses(rule.status),
    parts: rule.path.split('*'),
    matchOf: createMatchOf(rule),
  }));
  return ({ method, target, status }) => {
    const wanted = (one: (typeof compiled)[number]) => one.methods.has(method) && one.statuses.has(status);
    // Most that no rule wants is known without its path.
    if (!compiled.some(wanted)) return undefined;
    const path = toPath(target);
    if (path === undefined) return undefined;
    const isAsset = path.indexOf('.', path.length - ASSET_LENGTH) >= 0 && ASSET.test(path);
    const rule = compiled.find((one) => wanted(one) && (one.assets || !isAsset) && fits(path, one.parts));
    return rule?.matchOf(path);
  };
}

function toStatuses(named: ImportRule['status']): Set<number> {
  const all = Array.from({ length: 500 }, (_, index) => 100 + index);
  return new Set(
    all.filter((status) => named.includes(status) || named.includes(`${Math.floor(status / 100)}xx`)),
  );
}

/** What a rule makes of the paths that fit it; paths share their first part, so its title is made once. */
function createMatchOf({ type, campaign }: ImportRule): (path: string) => Match | undefined {
  if (type === 'ignore') return () => undefined;
  const always = { type, campaign };
  if (typeof campaign === 'number' || !campaign.includes('{1}')) return () => always;
  const matches = new Map<string, Match>();
  return (path) => {
    const segment = firstSegment(path);
    let match = matches.get(segment);
    if (!match) {
      match = { type, campaign: fillTitle(campaign, segment) };
      if (matches.size >= MATCHES_KEPT) matches.clear();
      // A copy: V8's slice of a target keeps the whole of it.
      matches.set(Buffer.from(segment).toString(), match);
    }
    return match;
  };
}

/** The path of a request, without its query; a proxy's `http://host/path` too. */
function toPath(target: string): string | undefined {
  let from = 0;
  if (target[0] !== '/') {
    const host = target.indexOf('://');
    if (host < 0) return undefined;
    from = target.indexOf('/', host + 3);
    if (from < 0) return '/';
  }
  const query = target.indexOf('?', from);
  const fragment = target.indexOf('#', from);
  const end = query < 0 || (fragment >= 0 && fragment < query) ? fragment : query;
  return target.slice(from, end < 0 ? target.length : end);
}

/** Whether the parts between the stars stand in `path` in their order. The leftmost place of each is always good enough. */
function fits(path: string, parts: readonly string[]): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return path === first;
  if (path.length < first.length + last.length || !path.startsWith(first) || !path.endsWith(last))
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= path.length;
}

/** Empty where there is none. */
function firstSegment(path: string): string {
  let from = 0;
  while (path[from] === '/') from += 1;
  const end = path.indexOf('/', from);
  return path.slice(from, end < 0 ? path.length : end);
}

function fillTitle(title: string, segment: string): string {
  return title
    .replaceAll('{1}', () => decode(segment))
    .slice(0, TITLE_LENGTH)
    .toWellFormed();
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment).replaceAll('\0', '\ufffd');
  } catch {
    // A stray percent sign is a character like another.
    return segment;
  }
}
