export { type Aggregator, BATCH, countUntilDry, startAggregator } from './aggregator.ts';
export {
  AGGREGATOR,
  COUNT_BATCH,
  COUNTABLE,
  COUNTED_COLUMNS,
  countRows,
  DIGEST,
  MINUTE,
  markComplete,
  parkEvent,
  QUARTER,
  QUARTER_OF_EVENT,
  readPipelineState,
  SEEN,
} from './count.queries.ts';
export { type CountedBatch, type CountingDeps, countToEnd, keepCounting, type Position } from './counting.ts';
