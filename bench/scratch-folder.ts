import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();

/** A new folder among the temporary files, which is gone when this process ends, interrupted or not. */
export function makeScratchFolder(): string {
  if (folders.size === 0) process.once('exit', () => folders.forEach(removeScratchFolder));
  const path = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  folders.add(path);
  return path;
}

/** Earlier than that, for what is large. */
export function removeScratchFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(path);
}
