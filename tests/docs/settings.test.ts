import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "@hikyaku/config";
import { listFindingsResponse, readiness, readinessFinding } from "@hikyaku/contract";
import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { run } from "../integration/development-scripts.ts";
import { type Block, blocksIn, type Language, replaced } from "./support/declared.ts";
import { Checkout } from "./support/shell.ts";

function titled<L extends Language>(language: L): { title: string; block: Block<L> }[] {
  return blocksIn(language).map((block) => ({ title: `${block.page}:${block.line}`, block }));
}

/** What a compose file of the pages may hold: no port is open to other machines, and each volume is declared. */
const composeFile = z
  .strictObject({
    services: z.record(
      z.string(),
      z.strictObject({
        image: z.string(),
        restart: z.literal("unless-stopped"),
        ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)),
        volumes: z.array(z.string()),
        environment: z.record(z.string().regex(/^RI_[A-Z_]+$/), z.string()),
      }),
    ),
    volumes: z.record(z.string(), z.null()),
  })
  .refine(({ services, volumes }) =>
    Object.values(services).every((service) => service.volumes.every((name) => (name.split(":")[0] ?? "") in volumes)),
  );

describe("YAML of the pages", () => {
  const checkouts: Checkout[] = [];
  afterEach(() => checkouts.splice(0).forEach((checkout) => void checkout.remove()));

  it.for(titled("yaml"))("is accepted by those who read it: $title", ({ block }) => {
    const code = replaced(block.code, block.run.replace);
    const content = parse(code);
    if ("services" in content) return void composeFile.parse(content);
    const checkout = new Checkout();
    checkouts.push(checkout);
    for (const name of ["redis-ca.pem", "client.pem", "client.key"]) checkout.write(`secrets/${name}`, "");
    checkout.write(`config/local/${"redis" in content ? "cacheserver" : "config"}.yaml`, code);
    loadConfig({ env: {}, rootDir: checkout.path });
  });
});

describe("JSON of the pages", () => {
  const schemas = { readiness, readinessFinding, findings: listFindingsResponse };

  it.for(titled("json"))("is an answer of our API: $title", ({ block }) => {
    const shown = JSON.parse(block.code);
    expect(schemas[block.run.schema].parse(shown)).toEqual(shown);
  });
});

describe.skipIf(redisServerPath() === undefined)("settings of Redis on the pages (needs redis-server)", () => {
  it.for(titled("conf"))("are taken as they are by a Redis server: $title", async ({ block }) => {
    const lines = block.code
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
    const redis = await startRedisServer({ args: lines.flatMap(([name, value = ""]) => [`--${name}`, value]) });
    onTestFinished(() => redis.stop());
    for (const [name = "", value] of lines) {
      const { stdout } = await run("redis-cli", ["-p", String(redis.port), "config", "get", name]);
      expect(stdout).toBe(`${name}\n${value}\n`);
    }
  });
});

describe("Go of the pages", () => {
  const hasGo = spawnSync("go", ["version"]).status === 0;

  it.for(titled("go"))("computes what ours does: $title", ({ block }, { skip }) => {
    skip(!hasGo, "needs Go, which is not on PATH");
    const folder = mkdtempSync(join(tmpdir(), "hikyaku-docs-go-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "main.go"), `${block.run.setup}${block.code}${block.run.teardown}`);
    const printed = execFileSync("go", ["run", "main.go"], { cwd: folder, encoding: "utf8" });
    expect(printed).toBe(block.run.prints);
  });
});
