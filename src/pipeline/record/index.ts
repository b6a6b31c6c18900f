export { leaveLog, RAW_STORE, registerPartitions } from './record.queries.ts';
export { findRecordLag, type RecorderDeps, recordUntilDry, startRecorder } from './recorder.ts';
