export { endedFromElsewhere, startWorker, workerStopTimeoutMs } from "./start-worker.ts";
