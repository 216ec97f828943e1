import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "@hikyaku/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { AppProcesses, eventually } from "./support/app-process.ts";
import { storeKinds, type TestStore } from "./support/stores.ts";

const run = promisify(execFile);
const folder = join(import.meta.dirname, "../../docs/monitoring");
const install = "install it: Debian's package prometheus has it";
const dashboards = ["grafana-queues.json", "grafana-tasks.json"] as const;

const rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Hikyaku[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(["critical", "warning", "info"]) }),
          annotations: z.strictObject({ summary: z.string().min(1), description: z.string().min(1) }),
        }),
      ),
    }),
  ),
});
const target = z.object({ expr: z.string().min(1), refId: z.string() });
const panel = z.object({
  id: z.int(),
  type: z.enum(["row", "stat", "timeseries", "heatmap", "table"]),
  title: z.string().min(1),
  gridPos: z.object({ h: z.int(), w: z.int(), x: z.int(), y: z.int() }),
  targets: z.array(target).optional(),
});
const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  schemaVersion: z.int(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().optional() })) }),
  panels: z.array(panel),
});

function textOf(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

function alertsOf() {
  return rules.parse(parse(textOf("alerts.yml"))).groups.flatMap((group) => group.rules);
}

function dashboardOf(name: string) {
  return dashboard.parse(JSON.parse(textOf(name)));
}

/** What a dashboard asks, as Prometheus gets it once Grafana has put its variables in. */
function questionsOf(name: string): string[] {
  const { panels } = dashboardOf(name);
  const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return asked.map((expr) => expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(queue|type)\b/g, ".*"));
}

function onPath(program: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((place) => join(place, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

describe("what docs/monitoring gives to Prometheus and Grafana", { timeout: 120_000 }, () => {
  const apps = new AppProcesses();
  const [kind] = storeKinds;
  let store: TestStore;
  let ports: { readonly api: number; readonly worker: number };
  let metrics: string;

  beforeAll(async () => {
    if (kind === undefined) throw new Error("expected the embedded store");
    store = await kind.create();
    ports = { api: await freePort(), worker: await freePort() };
    apps.start("api", { settings: { ...store.settings, SERVER__PORT: ports.api } });
    apps.start("worker", { settings: { ...store.settings, JOBQUEUE__PORT: ports.worker } });
    const at = (port: number, path: string) => `http://127.0.0.1:${port}${path}`;
    const job = { message: "for metrics", delay_seconds: 1 };
    const headers = { "content-type": "application/json" };
    await eventually(45_000, async () => {
      const answer = await fetch(at(ports.api, "/api/dm-jobqueue/register"), {
        method: "POST",
        headers,
        body: JSON.stringify(job),
      });
      expect(answer.status).toBe(201);
    });
    metrics = await eventually(60_000, async () => {
      const texts = await Promise.all(
        [ports.api, ports.worker].map(async (port) => (await fetch(at(port, "/metrics"))).text()),
      );
      const all = texts.join("");
      // The worker reports what it counted some seconds later.
      expect(all).toMatch(/^hikyaku_task_run_seconds_count\{.*type="demo:delay_print"\} [1-9]/m);
      expect(all).toMatch(/^hikyaku_handlers\{.*\} 1$/m);
      return all;
    });
  }, 120_000);
  afterAll(async () => {
    await apps.killAll();
    await store?.remove();
  });

  /** Metrics that are asked for and that nobody gives. A histogram gives three. */
  function unknown(text: string): string[] {
    const given = new Set([...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    const asked = [...text.matchAll(/\b(?:asynq|hikyaku|process)_\w+/g)].map(([name]) => name);
    expect(asked.length).toBeGreaterThan(5);
    return [...new Set(asked)].filter(
      (name) => !given.has(name) && !given.has(name.replace(/_(bucket|sum|count)$/, "")),
    );
  }

  it("the alerts are rules of Prometheus, about metrics that there are", () => {
    const alerts = alertsOf();
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    expect(unknown(alerts.map(({ expr }) => expr).join("\n"))).toEqual([]);
  });

  it.each(dashboards)("%s has a place for each panel, and asks for metrics that there are", (name) => {
    const { panels, templating } = dashboardOf(name);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    const asked = [...questionsOf(name), ...templating.list.flatMap(({ definition = [] }) => definition)];
    expect(unknown(asked.join("\n"))).toEqual([]);
  });

  it("the page names each metric of ours that there is, and no other", () => {
    const page = readFileSync(join(folder, "../monitoring.md"), "utf8");
    const told = [...page.matchAll(/`((?:asynq|hikyaku|process)_\w+)`/g)].map(([, name]) => name ?? "");
    const given = [...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name ?? "");
    expect([...new Set(told)].sort()).toEqual([...new Set(given)].sort());
  });

  it("promtool accepts the rules, their tests, and every question of the dashboards", async ({ skip }) => {
    const promtool = onPath("promtool");
    if (promtool === undefined) return skip(`promtool is not installed; ${install}`);
    const place = mkdtempSync(join(tmpdir(), "hikyaku-rules-"));
    try {
      cpSync(folder, place, { recursive: true });
      const asked = dashboards.flatMap(questionsOf).map((expr, index) => ({ record: `question:${index}`, expr }));
      const file = { groups: [{ name: "questions", rules: asked }] };
      writeFileSync(join(place, "questions.yml"), JSON.stringify(file));
      writeFileSync(join(place, "operations-token"), "0123456789abcdef");
      for (const args of [
        ["check", "rules", "alerts.yml", "questions.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "alerts.test.yml"],
      ]) {
        await run(promtool, args, { cwd: place });
      }
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });

  it("a real Prometheus scrapes both, evaluates the rules, and answers the dashboards", async ({ skip }) => {
    const prometheus = onPath("prometheus");
    if (prometheus === undefined) return skip(`prometheus is not installed; ${install}`);
    const place = mkdtempSync(join(tmpdir(), "hikyaku-prometheus-"));
    const port = await freePort();
    let child: ChildProcess | undefined;
    try {
      cpSync(folder, place, { recursive: true });
      const config = textOf("prometheus.yml")
        .replace("127.0.0.1:8080", `127.0.0.1:${ports.api}`)
        .replace("127.0.0.1:8082", `127.0.0.1:${ports.worker}`)
        .replace("scrape_interval: 15s", "scrape_interval: 1s\n  evaluation_interval: 1s");
      writeFileSync(join(place, "prometheus.yml"), config);
      writeFileSync(join(place, "operations-token"), "0123456789abcdef");
      const where = [`--config.file=${join(place, "prometheus.yml")}`, `--storage.tsdb.path=${join(place, "data")}`];
      child = spawn(prometheus, [...where, `--web.listen-address=127.0.0.1:${port}`], { stdio: "ignore" });
      const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json();
      await eventually(45_000, async () => {
        const { data } = (await ask("targets")) as { data: { activeTargets: { health: string; lastError: string }[] } };
        expect(data.activeTargets.map(({ health, lastError }) => [health, lastError])).toEqual([
          ["up", ""],
          ["up", ""],
        ]);
      });
      await eventually(30_000, async () => {
        const { data } = (await ask("rules")) as { data: { groups: { rules: { health: string }[] }[] } };
        const found = data.groups.flatMap((group) => group.rules);
        expect(found).toHaveLength(alertsOf().length);
        expect(new Set(found.map(({ health }) => health))).toEqual(new Set(["ok"]));
      });
      for (const question of dashboards.flatMap(questionsOf)) {
        expect(await ask(`query?query=${encodeURIComponent(question)}`)).toMatchObject({ status: "success" });
      }
      const size = encodeURIComponent('asynq_queue_size{queue="default"}');
      expect(await ask(`query?query=${size}`)).toMatchObject({
        data: { result: [{ metric: { job: "hikyaku-api" } }] },
      });
    } finally {
      if (child !== undefined && child.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "close");
      }
      rmSync(place, { recursive: true, force: true });
    }
  });
});
