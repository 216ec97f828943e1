// What many servers in one process cost, beside one server and beside none: memory, threads, connections and idle
// commands.
//   node --conditions=source bench/src/many-servers.ts [--servers 15] [--seconds 20] [--built]
// `--built` measures what `npm run build` made, as users have it. From source, each thread keeps a compiler of its own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startRedisServer } from "@hikyaku/test-support";
import type { ManyServersReport } from "./many-servers-child.ts";
import { commandsDuring, onRedis } from "./redis-info.ts";

const { values } = parseArgs({
  options: {
    servers: { type: "string", default: "15" },
    seconds: { type: "string", default: "20" },
    built: { type: "boolean", default: false },
  },
});
const [servers, seconds] = [values.servers, values.seconds].map((value) => {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`expected whole numbers from 1 up for --servers and --seconds, got ${value}`);
}) as [number, number];
const program = fileURLToPath(new URL("many-servers-child.ts", import.meta.url));

process.stdout.write(`${row("", "MB", "threads", "connections", "commands/s")}\n`);
for (const store of ["redis", "sqlite"] as const) {
  for (const count of [0, 1, servers]) process.stdout.write(`${await measure(store, count)}\n`);
}

/** `count` servers of one queue each in a process of their own, which have run tasks and hold one each that is extended. */
async function measure(store: "redis" | "sqlite", count: number): Promise<string> {
  const redis = store === "redis" ? await startRedisServer() : undefined;
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-many-servers-"));
  const address = redis?.url ?? join(folder, "tasks.db");
  const child = fork(program, [address, String(count)], {
    execArgv: values.built ? [] : ["--conditions=source"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  try {
    const [report] = (await Promise.race([once(child, "message"), ended(child)])) as [ManyServersReport];
    const commands = redis === undefined ? undefined : (await commandsDuring(redis.port, seconds * 1_000)) / seconds;
    const clients =
      redis === undefined ? undefined : String(await onRedis(redis.port, (send) => send("CLIENT", "LIST")));
    const connections = clients?.split("\n").filter((line) => line !== "").length;
    if (redis === undefined) await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    child.send("again");
    const [after] = (await Promise.race([once(child, "message"), ended(child)])) as [ManyServersReport];
    const megabytes = Math.max(report.rss, after.rss) / 2 ** 20;
    // One is the look itself.
    const others = connections === undefined ? "–" : String(connections - 1);
    return row(
      `${count} on ${store}`,
      megabytes.toFixed(0),
      String(after.threads ?? "–"),
      others,
      commands?.toFixed(1) ?? "–",
    );
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.send("stop");
      await once(child, "exit");
    }
    await redis?.stop();
    await rm(folder, { recursive: true });
  }
}

async function ended(child: ReturnType<typeof fork>): Promise<never> {
  const [code, signal] = await once(child, "exit");
  throw new Error(`the process of the servers ended with ${code ?? signal}`);
}

function row(...columns: readonly string[]): string {
  return columns.map((column, index) => (index === 0 ? column.padEnd(14) : column.padStart(12))).join("");
}
