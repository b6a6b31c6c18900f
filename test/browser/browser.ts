/** Opens Debian's chromium for the tests of this folder, or says why it cannot. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** The reason to skip a browser test; undefined where chromium is there or where engines are required. */
export const missingBrowser: string | undefined =
  existsSync(path) || process.env.REQUIRE_ENGINES
    ? undefined
    : `no chromium at ${path}: run "apt-get install -y chromium" or set CHROMIUM_PATH`;

/** With REQUIRE_ENGINES set and no chromium this throws, so the skip becomes a failure. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: path,
    // no sandbox: tests run as root in containers; background networking: nothing but the test's own pages
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
