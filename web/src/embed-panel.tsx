import { Button, CopyButton } from '@mantine/core';
import type { Campaign } from './api.ts';
import './table.css';
import { useSpeech } from './language.tsx';
import type { Word } from './words.ts';

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

const Snippet = ({ word, code, note }: { word: Word; code: string; note?: string }) => {
  const { t } = useSpeech();
  return (
    <div className="snippet">
      <div className="snippet-head">
        <span>{t(word)}</span>
        <CopyButton value={code}>
          {({ copied, copy }) => (
            <Button variant="subtle" size="compact-sm" onClick={copy} aria-label={`${t('copy')}: ${t(word)}`}>
              {t(copied ? 'copied' : 'copy')}
            </Button>
          )}
        </CopyButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
      {note && <p className="small soft">{note}</p>}
    </div>
  );
};

/** What a publisher copies into a page: tracker, pixel, click link. */
export const EmbedPanel = ({ id, campaign }: { id: number; campaign: Campaign | null }) => {
  const { t } = useSpeech();
  const { origin } = location;
  const landing = campaign?.landing_url;
  const title = escapeHtml(campaign?.title ?? '…');
  const href = escapeHtml(landing ?? 'https://…');
  return (
    <details className="panel">
      <summary>{t('embed')}</summary>
      <Snippet
        word="embedTracker"
        code={`<script async src="${origin}/t.js" data-auto></script>\n<a data-weir-campaign="${id}" href="${href}">${title}</a>`}
      />
      <Snippet word="embedPixel" code={`<img src="${origin}/t/v.gif?c=${id}" width="1" height="1" alt="">`} />
      <Snippet
        word="embedClick"
        code={`<a href="${origin}/t/c/${id}">${title}</a>`}
        {...(campaign && !landing && { note: t('embedNoLanding') })}
      />
    </details>
  );
};
