import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { operationsDocument } from "@hikyaku/contract";
import { nodeHandler, Operations, tokenAccess } from "@hikyaku/operations";
import { type Broker, silentLogger } from "hikyaku";
import { sqliteBroker } from "hikyaku/sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

const version = "0.29.1";
const tools = join(import.meta.dirname, `../../.cache/openapi-python-client-${version}`);
const token = "a-token-of-the-test-0123456789";
const run = promisify(execFile);

/** Installs it where it is not there yet. Tells why it can't be, or nothing. */
async function install(): Promise<string | undefined> {
  if (existsSync(join(tools, "bin/openapi-python-client"))) return undefined;
  try {
    await run("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"], { timeout: 20_000 });
  } catch {
    return "needs python3 of 3.11 or newer on PATH";
  }
  try {
    await run("python3", ["-m", "venv", tools], { timeout: 120_000 });
    const options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"];
    const what = [`openapi-python-client==${version}`];
    await run(join(tools, "bin/pip"), ["install", ...options, ...what], { timeout: 240_000 });
    return undefined;
  } catch {
    // Half of it would look as if it were there.
    await rm(tools, { recursive: true, force: true });
    return `openapi-python-client ${version} could not be installed with python3 -m venv and pip`;
  }
}

const program = `
import sys
from generated import AuthenticatedClient, Client
from generated.api.queues import list_queues, pause_queue
from generated.api.schedules import add_schedule
from generated.api.tasks import enqueue_task_in_queue
from generated.models import AddScheduleRequest, EnqueueInQueueRequest, Problem, ReasonGiven, ScheduledTask

base, token = sys.argv[1:]
client = AuthenticatedClient(base_url=base, token=token)
task = EnqueueInQueueRequest(type_="email:send", payload={"to": "ana"}, delay="1h")
print(enqueue_task_in_queue.sync("mail", client=client, body=task).state)
print([(queue.queue, queue.counts.scheduled) for queue in list_queues.sync(client=client).queues])
print(pause_queue.sync("mail", client=client, body=ReasonGiven(reason="a test")).changed)
nightly = AddScheduleRequest(id="nightly", spec="@daily", task=ScheduledTask(type_="report:send"))
print(add_schedule.sync(client=client, body=nightly).revision)
again = add_schedule.sync(client=client, body=nightly)
print(isinstance(again, Problem), again.code, again.status)
stranger = list_queues.sync_detailed(client=Client(base_url=base))
print(stranger.status_code.value, stranger.parsed.code)
`;

describe("a client of another language, generated from the document", () => {
  let missing: string | undefined;
  let folder: string;
  let broker: Broker;
  let server: Server;
  beforeAll(async () => {
    missing = await install();
    folder = await mkdtemp(join(tmpdir(), "hikyaku-python-"));
    broker = sqliteBroker({ path: ":memory:" });
    const operations = new Operations({ broker, authorize: tokenAccess(token), logger: silentLogger });
    server = createServer(nodeHandler(operations, { prefix: "/queue" }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }, 400_000);
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(({ skip }) => skip(missing !== undefined, missing));

  it("asks, changes and understands refusals, in Python", { timeout: 120_000 }, async () => {
    await writeFile(join(folder, "openapi.json"), JSON.stringify(operationsDocument()));
    const made = ["generate", "--path", "openapi.json", "--output-path", "generated", "--meta", "none"];
    await run(join(tools, "bin/openapi-python-client"), made, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    await writeFile(join(folder, "program.py"), program);
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/queue`;
    const { stdout } = await run(join(tools, "bin/python"), ["program.py", base, token], { cwd: folder });
    expect(stdout.trim().split("\n")).toEqual([
      "scheduled",
      "[('mail', 1)]",
      "True",
      "1",
      "True entry_exists 409",
      "401 unauthenticated",
    ]);
  });
});
