/**
 * The one place where HTML of the server becomes part of the page. It is safe, because members write Markdown and never
 * HTML: the server renders it when it is written, tags of the source become text, links are http, https and mailto alone,
 * images our own attachments, and no other field of an answer is ever given to this component. Should that fail once, the
 * Content-Security-Policy of the page still runs no script but the files of this console.
 */
export const Rendered = ({ of }: { of: { content_html: string } }) => (
  // biome-ignore lint/security/noDangerouslySetInnerHtml: see above
  <div className="prose" dangerouslySetInnerHTML={{ __html: of.content_html }} />
);
