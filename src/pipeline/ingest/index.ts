export { createAddressReader, type ReadAddresses } from './address-seal.ts';
export { createIdentities, toUuid8, visitorHash } from './identity.ts';
export type {
  Accepted,
  EventInput,
  EventSender,
  FindSubject,
  Ingest,
} from './ingest.ts';
export { createIngest } from './ingest.ts';
export { createSpillLog } from './spill-log.ts';
export { createVerdicts, type Judged } from './verdict.ts';
