export { type ImportDeps, type ImportOptions, importLog } from './import-log.ts';
export { listImports } from './imports.queries.ts';
export type { ImportProgress } from './progress.ts';
export { parseRules } from './rules.ts';
export { IMPORT_LANES } from './write-lines.ts';
