export { countUntilDry, startAggregator } from './aggregator.ts';
export {
  AGGREGATOR,
  COUNT_BATCH,
  COUNTABLE,
  COUNTED_COLUMNS,
  DIGEST,
  MINUTE,
  QUARTER,
  QUARTER_OF_EVENT,
  readPipelineState,
  SEEN,
} from './count.queries.ts';
