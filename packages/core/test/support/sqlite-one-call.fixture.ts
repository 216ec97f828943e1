// A process of its own that makes one call to a store in the given folder, for tests: tells as a line of JSON what came of it.
import { join } from "node:path";
import { sqliteBroker } from "../../src/broker/sqlite/index.ts";
import { isHikyakuError } from "../../src/errors.ts";
import { placedNow } from "./builders.ts";

const [folder = ""] = process.argv.slice(2);
const broker = sqliteBroker({ path: join(folder, "tasks.db") });
try {
  console.log(JSON.stringify({ outcomes: await broker.enqueue([placedNow()]) }));
} catch (error) {
  const told = isHikyakuError(error) ? { code: error.code, message: error.message } : { code: String(error) };
  console.log(JSON.stringify({ ...told, away: broker.reachability() }));
}
await broker.close();
