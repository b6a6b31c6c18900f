/** A part of a text, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const SNIPPET_CHARS = 160;
/** What is shown before the first word that was found. */
const LEAD_CHARS = 40;

/** The text as HTML with the spans in `<mark>`. Everything else is escaped; spans may touch and overlap. */
export function markSpans(text: string, spans: readonly Span[]): string {
  let html = '';
  let at = 0;
  for (const { start, end } of merge(spans)) {
    html += `${escapeHtml(text.slice(at, start))}<mark>${escapeHtml(text.slice(start, end))}</mark>`;
    at = end;
  }
  return html + escapeHtml(text.slice(at));
}

/** The part of the text that holds most of the spans, cut at spaces, marked as `markSpans` does. */
export function markSnippet(text: string, spans: readonly Span[]): string {
  const merged = merge(spans);
  const best = findDensest(merged);
  const from = best <= LEAD_CHARS ? 0 : cutBefore(text, best - LEAD_CHARS);
  const to = cutAfter(text, Math.min(text.length, from + SNIPPET_CHARS));
  const inside = merged
    .filter(({ start, end }) => start >= from && end <= to)
    .map(({ start, end }) => ({ start: start - from, end: end - from }));
  const html = markSpans(text.slice(from, to), inside);
  return `${from > 0 ? '… ' : ''}${html}${to < text.length ? ' …' : ''}`;
}

/** Where the window begins that shows the most of them; the first such. */
function findDensest(spans: readonly Span[]): number {
  let best = { start: 0, count: 0 };
  for (const [at, { start }] of spans.entries()) {
    let count = 0;
    while (spans[at + count] && spans[at + count]!.end <= start + SNIPPET_CHARS - LEAD_CHARS) count += 1;
    if (count > best.count) best = { start, count };
  }
  return best.start;
}

function cutBefore(text: string, at: number): number {
  const space = text.lastIndexOf(' ', at);
  return space >= 0 && at - space < LEAD_CHARS ? space + 1 : wholeCharacter(text, at);
}

function cutAfter(text: string, at: number): number {
  if (at === text.length) return at;
  const space = text.lastIndexOf(' ', at);
  return at - space < LEAD_CHARS ? space : wholeCharacter(text, at);
}

/** Not between the two halves of one. */
function wholeCharacter(text: string, at: number): number {
  return /[\uDC00-\uDFFF]/.test(text[at] ?? '') ? at + 1 : at;
}

function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const last = merged.at(-1);
    if (last && span.start <= last.end)
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else merged.push(span);
  }
  return merged;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => ESCAPES[char]!);
}
