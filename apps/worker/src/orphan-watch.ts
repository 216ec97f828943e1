// A thread of a worker process. A process stops by itself when its supervisor is gone, unless a handler blocks its
// event loop for good. Such a process is killed here, after the time that every stop has.
import { workerData } from "node:worker_threads";

const { supervisor, graceMs } = workerData as { readonly supervisor: number; readonly graceMs: number };
const checkMs = 500;

const check = setInterval(() => {
  if (process.ppid === supervisor) return;
  clearInterval(check);
  setTimeout(() => process.kill(process.pid, "SIGKILL"), graceMs);
}, checkMs);
