import { oneOf, onOff, setting } from './setting.ts';

/** What members may do, and how often: part of the configuration. */
export const MEMBER_SETTINGS = {
  RATE_LIMITS: setting(
    '`off` turns refusals off, for tests and load runs. Verdicts stay.',
    'on',
    true,
    onOff,
  ),
  BOARDS_CREATED_BY: setting<'member' | 'admin'>(
    'Who makes boards: `member`, or `admin` alone.',
    'member',
    'member',
    (text) => oneOf('member', 'admin')(text) as 'member' | 'admin',
  ),
  REQUIRE_PRECONDITION: setting(
    '`on`: an edit of a post must say which version it edits, else it is 428.',
    'off',
    false,
    onOff,
  ),
} as const;
