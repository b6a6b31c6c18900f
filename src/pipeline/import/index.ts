export { type ImportDeps, type ImportOptions, type ImportReport, importLog } from './import-log.ts';
export { type ImportRow, listImports } from './imports.queries.ts';
export type { ImportProgress } from './progress.ts';
export { type ImportRule, parseRules } from './rules.ts';
