import type { InboxType } from './notification.ts';

type Language = 'ko' | 'en';

export interface Told {
  readonly type: InboxType;
  /** Display names, the last one first; '' where the member has none or is deleted. */
  readonly names: readonly string[];
  /** How many did it, the named ones among them. */
  readonly people: number;
  /** undefined once the post is gone. */
  readonly title: string | undefined;
  /** What a warning says. */
  readonly note?: string;
}

const SOMEBODY: Record<Language, string> = { ko: '알 수 없는 회원', en: 'Somebody' };
const GONE: Record<Language, string> = { ko: '삭제된 글', en: 'a deleted post' };
const TITLE_LENGTH = 60;

/** One line of text, as it is read in the inbox, on a phone and in a digest. */
export function toText({ type, names, people, title, note = '' }: Told, language: Language): string {
  const first = names[0] || SOMEBODY[language];
  const about = title === undefined ? GONE[language] : shorten(title);
  if (language === 'ko') {
    const who = people > 1 ? `${first}님 외 ${people - 1}명이` : `${first}님이`;
    return {
      post: `‘${about}’ 글이 등록되었습니다.`,
      warning: `운영진의 경고입니다: ${note}`,
      ...korean(who, about),
    }[type];
  }
  const others = people === 2 ? ' and 1 other' : people > 2 ? ` and ${people - 1} others` : '';
  const who = `${first}${others}`;
  return {
    post: `“${about}” was published.`,
    comment: `${who} commented on “${about}”.`,
    reply: `${who} replied to you on “${about}”.`,
    mention: `${who} mentioned you on “${about}”.`,
    warning: `A warning of the moderators: ${note}`,
  }[type];
}

function korean(who: string, about: string) {
  return {
    comment: `${who} ‘${about}’에 댓글을 남겼습니다.`,
    reply: `${who} ‘${about}’에서 회원님의 댓글에 답글을 남겼습니다.`,
    mention: `${who} ‘${about}’에서 회원님을 언급했습니다.`,
  };
}

function shorten(title: string): string {
  const letters = [...title];
  return letters.length <= TITLE_LENGTH ? title : `${letters.slice(0, TITLE_LENGTH - 1).join('')}…`;
}
