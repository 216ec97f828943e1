// A process of its own that makes one call to a store in the given folder, for tests: tells as a line of JSON what came of it.
import { join } from "node:path";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { isHikyakuError } from "../../src/errors.ts";
import { placedNow } from "./builders.ts";

const [folder = "", as] = process.argv.slice(2);
// Root may write whatever the file's mode says.
if (as === "anybody" && process.getuid?.() === 0) process.setuid?.(65_534);
const broker = sqliteBroker({ path: join(folder, "tasks.db") });
const opened = broker.reachability();
try {
  console.log(JSON.stringify({ outcomes: await broker.enqueue([placedNow()]) }));
} catch (error) {
  const told = isHikyakuError(error) ? { code: error.code, message: error.message } : { code: String(error) };
  console.log(JSON.stringify({ ...told, opened, away: broker.reachability() }));
}
await broker.close();
