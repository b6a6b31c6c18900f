import MarkdownIt from 'markdown-it';

/** Where images may come from: our own attachments. Any other address would tell its owner who reads. */
const OWN_IMAGE = /^\/api\/attachments\/[\w./-]+$/;
const LINK = /^(https?:\/\/|mailto:)/i;

/** Rendered text may be so much longer than its source (a table of many empty cells): more is refused. */
export const MAX_HTML_CHARS = 500_000;

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true });
// The one door for addresses of links, images and what looks like a link. What is refused stays text.
markdown.validateLink = (url) => LINK.test(url) || OWN_IMAGE.test(url);
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: true });

/** `@[name](/members/12)` names a member, who is told: shown as the name alone. */
const MENTION = /^@\[([^\]\n]{1,100})\]\(\/members\/\d{1,15}\)/;
markdown.inline.ruler.before('link', 'mention', (state, silent) => {
  if (state.src[state.pos] !== '@') return false;
  const [whole, name] = MENTION.exec(state.src.slice(state.pos, state.pos + 140)) ?? [];
  if (whole === undefined || name === undefined) return false;
  if (!silent) {
    state.push('strong_open', 'strong', 1);
    state.push('text', '', 0).content = `@${name}`;
    state.push('strong_close', 'strong', -1);
  }
  state.pos += whole.length;
  return true;
});

const { rules } = markdown.renderer;
rules.link_open = (tokens, index, options, _env, self) => {
  const token = tokens[index]!;
  const href = String(token.attrGet('href') ?? '');
  if (!LINK.test(href)) token.attrSet('href', '');
  token.attrSet('rel', 'nofollow ugc noopener');
  return self.renderToken(tokens, index, options);
};
const renderImage = rules.image!;
rules.image = (tokens, index, options, env, self) => {
  const token = tokens[index]!;
  const src = String(token.attrGet('src') ?? '');
  if (OWN_IMAGE.test(src)) {
    token.attrSet('loading', 'lazy');
    return renderImage(tokens, index, options, env, self);
  }
  const text = markdown.utils.escapeHtml(token.content || src);
  return `<a href="${markdown.utils.escapeHtml(src)}" rel="nofollow ugc noopener">${text}</a>`;
};

/**
 * CommonMark with tables, to HTML that is safe to put into a page: tags of the source are text, links are http, https and
 * mailto alone, with rel="nofollow ugc noopener", images are our own. Undefined where the HTML would be far too long.
 */
export function renderMarkdown(source: string): string | undefined {
  const html = markdown.render(source);
  return html.length > MAX_HTML_CHARS ? undefined : html;
}
