// Preloaded into the servers by run.mjs: when run.mjs is gone without having stopped them (SIGKILL, a closed
// container shell), they get the SIGTERM that it could not send any more. So no server outlives its command.
import { isMainThread } from "node:worker_threads";

const checkMs = 250;
const runner = Number(process.env["HIKYAKU_RUN_PID"]);

if (isMainThread && Number.isInteger(runner) && runner > 0) {
  const check = setInterval(() => {
    try {
      process.kill(runner, 0);
    } catch {
      clearInterval(check);
      process.kill(0, "SIGTERM");
    }
  }, checkMs);
  check.unref();
}
