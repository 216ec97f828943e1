// A worker process for tests: node control-child.ts <store> <type> <lease>
// Says what happens as JSON lines: {running}, {aborted}, {closed}. A handler waits for its signal and then returns as if it
// had done its work. Ends when it is asked to, by signal or from elsewhere.
import { isHikyakuError } from "../../src/errors.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { Server } from "../../src/worker/server.ts";
import { openBroker } from "./open-broker.ts";

const [address = "", type = "", lease = "30s"] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const broker = openBroker(address);
const server = new Server({ broker, concurrency: 4, lease: lease as `${number}s`, logger: silentLogger });
server.handleRaw(type, async ({ taskId, signal }) => {
  say({ running: taskId });
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  say({ aborted: isHikyakuError(signal.reason) ? signal.reason.code : String(signal.reason) });
});
say({ serverId: server.serverId });
await server.run();
say({ closed: server.status() });
await broker.close();
