export { createIdentities, toUuid8, visitorHash } from './identity.ts';
export type {
  Accepted,
  EventInput,
  EventSender,
  FindSubject,
  Ingest,
  IngestDeps,
  IngestOptions,
} from './ingest.ts';
export { createIngest } from './ingest.ts';
export { createVerdicts, type Judged, type Verdicts } from './verdict.ts';
