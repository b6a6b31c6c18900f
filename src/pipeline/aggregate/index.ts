export {
  type Aggregator,
  BATCH,
  countUntilDry,
  REAL_TIME,
  startAggregator,
  startCounting,
} from './aggregator.ts';
export {
  AGGREGATOR,
  COUNT_BATCH,
  COUNTABLE,
  COUNTED_COLUMNS,
  countRows,
  DIGEST,
  MINUTE,
  markComplete,
  type PipelineState,
  parkEvent,
  QUARTER,
  QUARTER_OF_EVENT,
  readPipelineState,
  SEEN,
} from './count.queries.ts';
export { type CountedBatch, type CountingDeps, countToEnd } from './counting.ts';
