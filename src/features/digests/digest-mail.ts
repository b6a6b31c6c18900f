import { toText } from '../notifications/index.ts';
import type { DigestReader } from './digests.queries.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The same for the same digest: a mail that was sent twice is recognised. */
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface DigestPlace {
  /** Of this server, without a slash at its end. */
  readonly origin: string;
  readonly unsubscribeUrl: string;
  readonly messageId: string;
}

const WORDS = {
  ko: {
    subject: (count: number) => `읽지 않은 알림 ${count}건`,
    more: (count: number) => `그 밖에 ${count}건이 더 있습니다.`,
    settings: '알림 설정',
  },
  en: {
    subject: (count: number) => (count === 1 ? '1 unread notification' : `${count} unread notifications`),
    more: (count: number) => `And ${count} more.`,
    settings: 'Notification settings',
  },
};

/** Text and HTML of one digest. */
export function toDigestMail(reader: DigestReader, { origin, unsubscribeUrl, messageId }: DigestPlace): Mail {
  const words = WORDS[reader.language];
  const lines = reader.lines.map((line) => ({
    text: toText({ ...line, title: line.post_title }, reader.language),
    url: `${origin}/boards/${line.board_id}/posts/${line.post_id}`,
  }));
  const more = reader.more > 0 ? words.more(reader.more) : undefined;
  const settings = `${origin}/notifications`;
  return {
    to: reader.address,
    subject: words.subject(lines.length + reader.more),
    messageId,
    text: [
      ...lines.map(({ text, url }) => `${text}\n${url}\n`),
      ...(more ? [more, ''] : []),
      `${words.settings}: ${settings}`,
    ].join('\n'),
    html: [
      `<ul>${lines.map(({ text, url }) => `<li><a href="${url}">${escapeHtml(text)}</a></li>`).join('')}</ul>`,
      ...(more ? [`<p>${more}</p>`] : []),
      `<p><a href="${settings}">${words.settings}</a></p>`,
    ].join('\n'),
    headers: {
      // RFC 8058: out of the list by one click, in the mail program itself.
      'List-Unsubscribe': `<${unsubscribeUrl}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    },
  };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
