export { startWorker, workerStopTimeoutMs } from "./start-worker.ts";
