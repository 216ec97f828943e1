// A process of its own that holds the exclusive lock on a SQLite file until it is told to stop.
import { DatabaseSync } from "node:sqlite";

const [path = ""] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.exec("BEGIN EXCLUSIVE");
process.once("message", () => {
  database.exec("ROLLBACK");
  database.close();
  process.disconnect();
});
process.send?.("locked");
