// Our side as a process of its own, for tests that kill or freeze it.
//   node --conditions=source hikyaku-peer.ts <host:port of redis, or of a cluster's nodes with commas between> <how far its clock is ahead, in ms>
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { HikyakuSide } from "./hikyaku-side.ts";
import { toldFailure } from "./hikyaku-told.ts";

const [address = "", ahead = "0"] = process.argv.slice(2);
// Synchronous: what was said must be on its way when the process is killed right after.
const say = (line: unknown): void => void writeSync(1, `${JSON.stringify(line)}\n`);
const side = new HikyakuSide(address, Number(ahead), say);

await side.ready();
for await (const line of createInterface(process.stdin)) {
  const { id, op, args } = JSON.parse(line) as { id: number; op: string; args: unknown };
  side.answer(op, args).then(
    (result) => say({ id, result: result ?? null }),
    (error) => say({ id, error: toldFailure(error) }),
  );
}
// Whoever drove us is gone.
process.exit();
