// Builds the browser snippet: tracker/src/tracker.ts → tracker/dist/t.js, one IIFE. Plain JavaScript, Node ≥ 20.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT_BYTES = 2048; // promised: the snippet costs a visitor less than 2 KB
const root = join(dirname(fileURLToPath(import.meta.url)), '..', 'tracker');

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  build: {
    target: 'es2020',
    outDir: 'dist',
    emptyOutDir: true,
    lib: { entry: 'src/tracker.ts', formats: ['iife'], name: 'weirTracker', fileName: () => 't.js' },
  },
});

const size = gzipSync(await readFile(join(root, 'dist/t.js'))).length;
console.log(`tracker/dist/t.js: ${size} bytes gzip`);
if (size >= LIMIT_BYTES) {
  console.error(`the tracker must stay below ${LIMIT_BYTES} bytes gzip`);
  process.exitCode = 1;
}
