// What scripts/start-redis.sh and scripts/start-redis-insight.sh need to know and a shell can't tell well:
// which Redis the settings name, and what answers at an address. Prints one value a line, an empty line where there is none;
// the last line is never empty. Run it with `node --conditions=source`.
//   settings                      host, port, loopback|remote, database, user name, password, tls|plain
//   probe HOST PORT DB [SECONDS]  process id, version, config file, number of keys, the words of a refusal, and what
//                                 answers (the type Answer)
// With SECONDS, probe waits that long for a Redis that is ready. Exit code 78 when the settings are wrong, 64 for bad usage.
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { CONFIG_EXIT_CODE, loadConfig, parseAddress } from "@hikyaku/config";
import { visibleLines, visibleText } from "hikyaku";

/** How long one look may take. A server that said nothing until then is no usable Redis. */
const lookTimeoutMs = 3_000;

/**
 * `ready` and `loading` are Redis. `locked` is a Redis that wants a password, `refusing` one that refuses for another
 * reason. `silent` takes connections and says nothing, as a frozen Redis does. `other` speaks another protocol.
 * `nothing` takes no connection.
 */
type Answer = "ready" | "loading" | "locked" | "refusing" | "silent" | "other" | "nothing";

interface Look {
  readonly answer: Answer;
  readonly info: ReadonlyMap<string, string>;
  /** What a Redis that refuses says. */
  readonly refusal: string;
}

function printSettings(): void {
  const { addr, db, username = "", password = "", tls } = loadConfig().redis.jobqueue;
  const address = parseAddress(addr ?? "");
  if (address === undefined) {
    throw new Error(`redis.jobqueue.addr: expected host:port of one server, got ${addr ?? "sentinels or a cluster"}`);
  }
  const { host, port } = address;
  const place = isLoopback(host) ? "loopback" : "remote";
  print([host, String(port), place, String(db), username, password, tls === false ? "plain" : "tls"]);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

async function printProbe(host: string, port: number, db: string, waitSeconds: number): Promise<void> {
  const until = performance.now() + waitSeconds * 1000;
  let seen = await look(host, port);
  while ((seen.answer === "nothing" || seen.answer === "loading") && performance.now() < until) {
    await delay(50);
    seen = await look(host, port);
  }
  const { answer, info, refusal } = seen;
  const keys = /keys=(\d+)/.exec(info.get(`db${db}`) ?? "")?.[1] ?? (answer === "ready" ? "0" : "");
  const known = ["process_id", "redis_version", "config_file"].map((name) => info.get(name) ?? "");
  // The server may say anything, and the scripts repeat it on the terminal.
  print([...[...known, keys, refusal].map(visibleText), answer]);
}

const nothingKnown: ReadonlyMap<string, string> = new Map();

function look(host: string, port: number): Promise<Look> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let connected = false;
    let received = "";
    const finish = (answer: Answer, { info = nothingKnown, refusal = "" } = {}): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answer, info, refusal });
    };
    const giveUp = (): void => {
      if (!connected) finish("nothing");
      else finish(received === "" ? "silent" : "other");
    };
    const timer = setTimeout(giveUp, lookTimeoutMs);
    socket.once("connect", () => {
      connected = true;
      socket.write("*1\r\n$4\r\nINFO\r\n");
    });
    socket.once("error", () => finish(connected ? "other" : "nothing"));
    socket.once("close", () => finish(connected ? "other" : "nothing"));
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      const [, refusal, code] = /^-(([A-Z]+) [\x20-\x7e]*)\r\n/.exec(received) ?? [];
      if (refusal !== undefined) return finish(code === "NOAUTH" ? "locked" : "refusing", { refusal });
      const length = /^\$(\d+)\r\n/.exec(received);
      if (length === null) {
        // The rest of "$123\r" or of a refusal may still come. Anything else is another protocol.
        if (!/^(\$\d*|-[\x20-\x7e]{0,500})\r?$/.test(received)) finish("other");
        return;
      }
      if (received.length < length[0].length + Number(length[1])) return;
      const info = parseInfo(received);
      finish(info.get("loading") === "1" ? "loading" : "ready", { info });
    });
  });
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const info = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) info.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return info;
}

function print(values: readonly string[]): void {
  process.stdout.write(`${values.join("\n")}\n`);
}

const [command, host, port, db, seconds] = process.argv.slice(2);
if (command === "settings") {
  try {
    printSettings();
  } catch (error) {
    process.stderr.write(`${visibleLines(error instanceof Error ? error.message : String(error))}\n`);
    process.exitCode = CONFIG_EXIT_CODE;
  }
} else if (command === "probe" && host !== undefined && port !== undefined && db !== undefined) {
  await printProbe(host, Number(port), db, Number(seconds ?? 0));
} else {
  process.stderr.write("usage: jobqueue-redis.ts settings | probe HOST PORT DB [SECONDS]\n");
  process.exitCode = 64;
}
