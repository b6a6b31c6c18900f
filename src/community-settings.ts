import { PUSH_SERVICES } from './ports/push.ts';
import { optionalUrl, parseList, setting, text, wholeNumber } from './setting.ts';

/** Where a community's members are reached, and where what they attach is kept. */
export interface CommunityConfig {
  /** Hosts that web push may go to, beside none other. */
  readonly webPushServices: readonly string[];
  /** undefined: no push to phones. */
  readonly fcmServiceAccount: string | undefined;
  /** undefined: no mail is sent. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  /** undefined: below DATA_DIR. */
  readonly attachmentsUrl: string | undefined;
  /** Of each member. */
  readonly attachmentQuotaBytes: number;
}

export const COMMUNITY_SETTINGS = {
  WEB_PUSH_SERVICES: setting<readonly string[]>(
    'Hosts that messages to browsers may go to, separated by commas; with a leading dot any host below it.',
    PUSH_SERVICES.join(','),
    PUSH_SERVICES,
    parseList,
  ),
  FCM_SERVICE_ACCOUNT: setting<string | undefined>(
    'JSON file of a Google service account, for messages to phones by FCM.',
    '/etc/weir/service-account.json',
    undefined,
    text,
  ),
  SMTP_URL: setting<string | undefined>(
    'Server that takes our mail, smtp: or smtps:; digests are sent where it is set.',
    'smtps://weir:secret@mail.example.com',
    undefined,
    optionalUrl('smtp:', 'smtps:'),
    true,
  ),
  MAIL_FROM: setting<string | undefined>(
    'Sender of our mail.',
    'Weir <no-reply@example.com>',
    undefined,
    text,
  ),
  ATTACHMENTS_URL: setting<string | undefined>(
    'Bucket of a store that speaks S3, for images that members attach; without it they lie below DATA_DIR.',
    'https://key:secret@s3.example.com/weir?region=ap-northeast-2',
    undefined,
    bucketUrl,
    true,
  ),
  ATTACHMENT_QUOTA_MB: setting('Megabytes that each member may attach.', '200', 200, wholeNumber(1, 100_000)),
} as const;

type Name = keyof typeof COMMUNITY_SETTINGS;
type Value<N extends Name> = (typeof COMMUNITY_SETTINGS)[N]['fallback'];

export function toCommunityConfig(
  read: <N extends Name>(name: N) => Value<N>,
  publicUrl: string | undefined,
  problems: string[],
): CommunityConfig {
  return {
    webPushServices: read('WEB_PUSH_SERVICES'),
    fcmServiceAccount: read('FCM_SERVICE_ACCOUNT'),
    mail: toMail(read('SMTP_URL'), read('MAIL_FROM'), publicUrl, problems),
    attachmentsUrl: read('ATTACHMENTS_URL'),
    attachmentQuotaBytes: read('ATTACHMENT_QUOTA_MB') * 1_000_000,
  };
}

/** Links of a mail lead back here, so it needs to know where that is. */
function toMail(
  url: string | undefined,
  from: string | undefined,
  publicUrl: string | undefined,
  problems: string[],
): CommunityConfig['mail'] {
  if (url === undefined) return undefined;
  if (from === undefined) problems.push('SMTP_URL: needs MAIL_FROM beside it');
  if (publicUrl === undefined) problems.push('SMTP_URL: needs PUBLIC_URL beside it, for the links of a mail');
  return { url, from: from ?? '' };
}

function bucketUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isBucket = url && /^https?:$/.test(url.protocol) && /^\/[^/]+$/.test(url.pathname);
  if (!isBucket || url.username === '' || url.password === '')
    throw new Error('must be a URL such as https://key:secret@s3.example.com/bucket?region=ap-northeast-2');
  return value;
}
