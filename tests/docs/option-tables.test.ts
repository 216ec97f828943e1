import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readinessFinding, workerWarning } from "@hikyaku/contract";
import * as hikyaku from "hikyaku";
import { type AggregateOptions, defineTask, type EnqueueOptions, findingKinds, type ServerOptions } from "hikyaku";
import { describe, expect, it } from "vitest";
import { exitCodes } from "../../apps/cli/src/exit-codes.ts";
import { CONFIG_EXIT_CODE } from "../../packages/config/src/config-error.ts";
import { root } from "./support/pages.ts";
import { codesIn, rowsOf } from "./support/tables.ts";

/** Every name of a type; the compiler keeps it whole. */
type Names<T> = Readonly<Record<keyof T, true>>;

const taskOptions: Names<EnqueueOptions & { retryDelay: never }> = {
  ...{ queue: true, maxRetry: true, timeout: true, deadline: true, retention: true, uniqueFor: true, group: true },
  ...{ headers: true, retryDelay: true, shardKey: true, in: true, at: true, taskId: true },
};
const aggregateOptions: Names<AggregateOptions> = {
  ...{ gracePeriod: true, maxDelay: true, maxSize: true, groups: true, timeout: true },
};
const serverOptions: Names<ServerOptions> = {
  ...{ broker: true, concurrency: true, queues: true, shardedQueues: true, strictPriority: true, lease: true },
  ...{ shutdownTimeout: true, abortGrace: true, retryDelay: true, isFailure: true, onError: true, random: true },
  ...{ cancelledTasks: true, baseContext: true, maxResultBytes: true, onHealth: true, healthCheckInterval: true },
  ...{ maxLostAttempts: true, archiveMaxCount: true, archiveMaxAge: true, archiveByQueue: true, build: true },
  ...{ logger: true, clock: true },
};

const sorted = (names: Iterable<string>): string[] => [...names].sort();

/** The default that the doc comment of an option gives, without its sentence's end; undefined where it gives none. */
function documentedDefault(file: string, option: string): string | undefined {
  const source = readFileSync(join(root, file), "utf8");
  const [, comment = ""] = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*readonly ${option}\\?:`, "s").exec(source) ?? [];
  return /Default:? `?"?([^"`.]+)/.exec(comment)?.[1];
}

describe("the options of a task in packages/core/README.md", () => {
  const rows = rowsOf("packages/core/README.md", "## Options of a task");

  it("are all that there are", () => {
    expect(sorted(rows.flatMap(([names]) => codesIn(names)))).toEqual(sorted(Object.keys(taskOptions)));
  });

  it("have the defaults that they have", () => {
    const { queue, maxRetry, retentionMs } = defineTask({ type: "x" }).defaults;
    const told = new Map(rows.map(([names, value = ""]) => [codesIn(names)[0], value]));
    expect(told.get("queue")).toBe(`\`"${queue}"\``);
    expect(told.get("maxRetry")).toBe(String(maxRetry));
    expect(told.get("retention")).toBe(`\`"${retentionMs}s"\``);
  });
});

describe("the options of a group in docs/groups.md", () => {
  const rows = rowsOf("docs/groups.md", "## When a group is taken");

  it("are all that there are, with the defaults of their doc comments", () => {
    expect(sorted(rows.flatMap(([names]) => codesIn(names)))).toEqual(sorted(Object.keys(aggregateOptions)));
    const durations = rows.filter(([, value = ""]) => value.startsWith("`"));
    expect(durations.length).toBe(2);
    for (const [names, value] of durations) {
      const [name = ""] = codesIn(names);
      const inCode = documentedDefault("packages/core/src/worker/groups/aggregate-functions.ts", name);
      expect(value, name).toBe(`\`"${inCode}"\``);
    }
  });
});

describe.each(["docs/from-asynq.md", "docs/asynq-differences.md"])("%s", (page) => {
  const heading = page === "docs/from-asynq.md" ? "### Settings of a server" : "## Server";

  it("names options of a server that there are", () => {
    const named = rowsOf(page, heading).flatMap(([, ours]) => codesIn(ours));
    const single = named.filter((code) => /^[a-z]\w+(\(.*\))?$/.test(code)).map((code) => code.replace(/\(.*/s, ""));
    const known = [...Object.keys(serverOptions), ...Object.keys(aggregateOptions), ...Object.keys(hikyaku)];
    const others = ["signal", "handle", "handleRaw", "tls", "username", "password", "durability", "redisBroker"];
    expect(single.filter((name) => ![...known, ...others].includes(name))).toEqual([]);
  });
});

describe("the findings of /readyz in docs/readiness.md", () => {
  it("are all that there are, with their levels", () => {
    const told = rowsOf("docs/readiness.md", "## What a finding means, and what to do").map(([code, level]) => [
      codesIn(code)[0],
      level,
    ]);
    const known = readinessFinding.options.map(({ shape }) => {
      const level = shape.level;
      return [shape.code.value, ("options" in level ? level.options : [...level.values]).join(", ")];
    });
    expect(told).toEqual(known);
  });
});

describe("the warnings of docs/servers.md", () => {
  const rows = rowsOf("docs/servers.md", "## Servers that should be looked at");

  it("are all that there are, each with a finding of the doctor", () => {
    const known = workerWarning.options.map(({ shape }) => shape.kind.value);
    expect(rows.map(([code]) => codesIn(code)[0])).toEqual(known);
    for (const finding of rows.flatMap(([, , finding]) => codesIn(finding)))
      expect(findingKinds).toHaveProperty(finding);
  });
});

describe("the exit codes of docs/doctor.md", () => {
  it("are those of the command", () => {
    const told = rowsOf("docs/doctor.md").map(([code]) => Number(code));
    expect(told).toEqual([...Object.values(exitCodes), CONFIG_EXIT_CODE]);
  });
});
