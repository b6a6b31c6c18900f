import { createRateLimit } from '../../http/rate-limit.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { Member, Members } from '../members/index.ts';
import type { Sessions, Tokens } from './sessions.service.ts';

interface SignInDeps {
  readonly members: Members;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly rateLimits: boolean;
}

interface Attempt {
  readonly username: string;
  readonly password: string;
  readonly address: string;
  readonly byCookie: boolean;
}

/**
 * Checks a name and password, and opens a session. Throws `bad_credentials` for every failure, `rate_limited`, or `not_allowed`
 * for a member who is banned.
 */
export type SignIn = (attempt: Attempt) => Promise<{ member: Member; tokens: Tokens }>;

const QUARTER_HOUR_MS = 15 * 60_000;

export function createSignIn({ members, sessions, clock, rateLimits: enabled }: SignInDeps): SignIn {
  const byAddress = createRateLimit({ limit: 5, windowMs: QUARTER_HOUR_MS, clock, enabled });
  // From many addresses at once; it lifts by itself, so nobody is locked out of an account for good.
  const byAccount = createRateLimit({ limit: 20, windowMs: 4 * QUARTER_HOUR_MS, clock, enabled });

  return async ({ username, password, address, byCookie }) => {
    // Unknown accounts are counted alike, or the limit would tell which are known.
    const account = username.toLowerCase();
    const pair = `${address} ${account}`;
    byAddress.take(pair);
    byAccount.take(account);
    const member = await members.checkCredentials(username, password);
    // Told to who knows the password alone.
    if (member?.ban) throw banned(member.ban);
    const tokens = member && (await sessions.open(member, byCookie));
    if (!tokens) throw new AppError('bad_credentials', 'Username or password is wrong.');
    // Only failures count: a member may sign in as often as they like.
    byAddress.giveBack(pair);
    byAccount.giveBack(account);
    return { member, tokens };
  };
}

function banned({ until, reason }: NonNullable<Member['ban']>): AppError {
  const end = until ? ` until ${until.toISOString()}` : '';
  return new AppError('not_allowed', `This account is suspended${end}: ${reason}`);
}
