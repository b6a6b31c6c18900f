import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  base: '/',
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false }, // the polyfill would be an inline script, which the CSP forbids
    assetsInlineLimit: 0, // for the same reason no data: addresses
  },
  server: { proxy: { '/api': process.env.WEIR_URL ?? 'http://127.0.0.1:8000' } },
});
