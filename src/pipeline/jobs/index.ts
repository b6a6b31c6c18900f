export { type JobHandler, type JobHandlers, retryDelayMs, startJobs } from './run-jobs.ts';
export { runSchedule, type Schedule, startSchedules } from './schedules.ts';
