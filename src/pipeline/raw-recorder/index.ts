export { forgetStore, listRawParked, listRecorded, readerOf } from './raw-recorder.queries.ts';
export {
  type RawLag,
  type RawRecorder,
  type RawReplay,
  readRawAge,
  readRawEnds,
  readRawLag,
  recordRawUntilDry,
  replayRaw,
  startRawRecorder,
} from './raw-recorder.ts';
