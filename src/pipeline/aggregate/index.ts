export { type Aggregator, countUntilDry, startAggregator } from './aggregator.ts';
export {
  AGGREGATOR,
  COUNTABLE,
  COUNTED_COLUMNS,
  DIGEST,
  MINUTE,
  type PipelineState,
  QUARTER,
  QUARTER_OF_EVENT,
  readPipelineState,
  readPositions,
  SEEN,
} from './count.queries.ts';
