import { silentLogger } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
import { Operations } from "../src/index.ts";

// A process that works on the operations of a store, until it is killed.

const [address = ""] = process.argv.slice(2);
const broker = address.startsWith("redis:") ? redisBroker({ url: address }) : sqliteBroker({ path: address });
const operations = new Operations({ broker, authorize: () => ({ scopes: [] }), logger: silentLogger });
await broker.ready();
process.stdout.write("ready\n");
process.once("SIGTERM", () => void operations.close().then(() => broker.close()));
// Nothing that operations do keeps a process alive.
setInterval(() => undefined, 60_000).unref();
process.stdin.resume().once("end", () => process.exit(1));
