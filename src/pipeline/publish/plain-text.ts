const BLOCK = /<\/?(?:p|div|br|hr|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|pre)\b[^>]*>/gi;
const TAG = /<[^>]*>/g;
const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|nbsp));/gi;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' };

/** What a reader sees of HTML that our own renderer made. Blocks end words, tags within a line do not. */
export function toPlainText(html: string): string {
  return html
    .replaceAll(BLOCK, '\n')
    .replaceAll(TAG, '')
    .replaceAll(ENTITY, (_entity, decimal?: string, hex?: string, name?: string) =>
      name ? NAMED[name.toLowerCase()]! : toCharacter(Number.parseInt(decimal ?? hex!, decimal ? 10 : 16)),
    )
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();
}

function toCharacter(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
