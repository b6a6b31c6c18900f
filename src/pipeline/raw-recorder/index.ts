export { listRawParked } from './raw-recorder.queries.ts';
export {
  readRawEnds,
  readRawLag,
  recordRawUntilDry,
  replayRaw,
  startRawRecorder,
} from './raw-recorder.ts';
