import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pino } from 'pino';
import { cookieNames } from './authenticate.ts';
import { createServer } from './server.ts';
import { openPages } from './static-pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-pages-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<title>pages</title>');
writeFileSync(join(folder, 'assets', 'app-1a2b.js'), 'run()');
after(() => rmSync(folder, { recursive: true }));

function createApp() {
  const app = createServer({
    log: pino({ level: 'silent' }),
    authenticate: {
      verifyAccess: () => assert.fail('pages ask for nobody'),
      verifyCsrf: () => false,
      cookies: cookieNames(false),
      origins: new Set(),
    },
    trustedProxies: [],
    pages: openPages(folder)!,
  });
  app.post('/api/things', { config: { policy: 'anyone' } }, () => ({}));
  return app;
}

const html = { accept: 'text/html,*/*' };

describe('static pages', () => {
  test('hashed files are immutable, the page itself is asked for again, both with strict headers', async () => {
    const app = createApp();
    const script = await app.inject('/assets/app-1a2b.js');
    assert.equal(script.body, 'run()');
    assert.match(String(script.headers['content-type']), /javascript/);
    assert.match(String(script.headers['cache-control']), /immutable/);
    const page = await app.inject({ url: '/', headers: html });
    assert.match(page.body, /pages/);
    assert.equal(page.headers['cache-control'], 'no-cache');
    assert.match(String(page.headers['content-security-policy']), /script-src 'self'/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
  });
  test('a navigation to any other path gets the page, HEAD too', async () => {
    assert.equal((await createApp().inject({ url: '/campaigns/3?x=1', headers: html })).statusCode, 200);
    const head = await createApp().inject({ method: 'HEAD', url: '/campaigns/3', headers: html });
    assert.deepEqual([head.statusCode, head.body], [200, '']);
  });
  test('the API, collecting paths and missing files stay 404, and no path leads out', async () => {
    for (const url of [
      '/api/nothing',
      '/t/nothing',
      '/health/nothing',
      '/assets/../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
    ]) {
      const answer = await createApp().inject({ url, headers: url.startsWith('/api') ? html : {} });
      assert.equal(answer.statusCode, 404, url);
    }
    assert.equal((await createApp().inject('/assets/gone.js')).statusCode, 404);
    assert.equal((await createApp().inject({ url: '/api/things', headers: html })).statusCode, 405);
  });
  test('a directory without index.html is no pages', () => {
    assert.equal(openPages(join(folder, 'assets')), undefined);
    assert.equal(openPages(join(folder, 'nowhere')), undefined);
  });
});
