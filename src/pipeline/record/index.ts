export { type LeftLog, leaveLog, listLeftLogs, registerPartitions } from './record.queries.ts';
export { findRecordLag, type RecorderDeps, recordUntilDry, startRecorder } from './recorder.ts';
