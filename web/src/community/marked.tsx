const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const toText = (html: string): string =>
  html.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '');

/** A highlight of the search: escaped text in which `mark` is the only tag. It is read as that, never as HTML. */
export const Marked = ({ html }: { html: string }) => {
  // what the group caught stands at the odd places
  const parts = html.split(/<mark>(.*?)<\/mark>/s).map(toText);
  return parts.map((part, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no other name, and never move
    at % 2 === 1 ? <mark key={at}>{part}</mark> : part,
  );
};
