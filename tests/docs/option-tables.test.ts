import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  evictServerRequest,
  quietServerRequest,
  readinessFinding,
  stopServerRequest,
  workerWarning,
} from "@hikyaku/contract";
import * as hikyaku from "hikyaku";
import { defineTask, findingKinds, Inspector } from "hikyaku";
import { instruments } from "hikyaku/instruments";
import { describe, expect, it } from "vitest";
import { exitCodes } from "../../apps/cli/src/exit-codes.ts";
import { CONFIG_EXIT_CODE } from "../../packages/config/src/config-error.ts";
import { root } from "./support/pages.ts";
import { codesIn, rowsOf } from "./support/tables.ts";

const core = "packages/core/src";

/** The members that an interface of the library declares itself, in the order of its source. */
function membersOf(file: string, name: string): string[] {
  const source = readFileSync(join(root, core, file), "utf8");
  const [, body = ""] = new RegExp(`^export interface ${name}\\b.*?\\{$(.*?)^\\}$`, "ms").exec(source) ?? [];
  const members = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, member = ""]) => member);
  if (members.length === 0) throw new Error(`expected the interface ${name} in ${file}, got none`);
  return members;
}

const taskOptions = ["TaskOptions", "EnqueueOptions"].flatMap((name) => membersOf("task/task-options.ts", name));
const aggregateOptions = membersOf("worker/groups/aggregate-functions.ts", "AggregateOptions");
const serverOptions = membersOf("worker/server-options.ts", "ServerOptions");

const sorted = (names: Iterable<string>): string[] => [...names].sort();

/** The default that the doc comment of an option gives, without its sentence's end; undefined where it gives none. */
function documentedDefault(file: string, option: string): string | undefined {
  const source = readFileSync(join(root, core, file), "utf8");
  const [, comment = ""] = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*readonly ${option}\\?:`, "s").exec(source) ?? [];
  return /Default:? `?"?([^"`.]+)/.exec(comment)?.[1];
}

describe("the options of a task in packages/core/README.md", () => {
  const rows = rowsOf("packages/core/README.md", "## Options of a task");

  it("are all that there are", () => {
    expect(sorted(rows.flatMap(([names]) => codesIn(names)))).toEqual(sorted([...taskOptions, "retryDelay"]));
  });

  it("have the defaults that they have", () => {
    const { queue, maxRetry, retentionMs } = defineTask({ type: "x" }).defaults;
    const told = new Map(rows.map(([names, value = ""]) => [codesIn(names)[0], value]));
    expect(told.get("queue")).toBe(`\`"${queue}"\``);
    expect(told.get("maxRetry")).toBe(String(maxRetry));
    expect(told.get("retention")).toBe(`\`"${retentionMs}s"\``);
  });
});

describe("the error codes in packages/core/README.md", () => {
  it("are all that there are", () => {
    const [, union = ""] =
      /^export type ErrorCode =(.*?);$/ms.exec(readFileSync(join(root, core, "errors.ts"), "utf8")) ?? [];
    const known = [...union.matchAll(/"(\w+)"/g)].map(([, code = ""]) => code);
    const rows = rowsOf("packages/core/README.md", "## Errors");
    expect(known.length).toBeGreaterThan(10);
    expect(sorted(rows.flatMap(([codes]) => codesIn(codes)))).toEqual(sorted(known));
  });
});

describe("the options of a group in docs/groups.md", () => {
  const rows = rowsOf("docs/groups.md", "## When a group is taken");

  it("are all that there are, with the defaults of their doc comments", () => {
    expect(sorted(rows.flatMap(([names]) => codesIn(names)))).toEqual(sorted(aggregateOptions));
    const durations = rows.filter(([, value = ""]) => value.startsWith("`"));
    expect(durations.length).toBe(2);
    for (const [names, value] of durations) {
      const [name = ""] = codesIn(names);
      const inCode = documentedDefault("worker/groups/aggregate-functions.ts", name);
      expect(value, name).toBe(`\`"${inCode}"\``);
    }
  });
});

describe.each(["docs/from-asynq.md", "docs/asynq-differences.md"])("%s", (page) => {
  const heading = page === "docs/from-asynq.md" ? "### Settings of a server" : "## Server";

  it("names options of a server that there are", () => {
    const named = rowsOf(page, heading).flatMap(([, ours]) => codesIn(ours));
    const single = named.filter((code) => /^[a-z]\w+(\(.*\))?$/.test(code)).map((code) => code.replace(/\(.*/s, ""));
    const known = [...serverOptions, ...aggregateOptions, ...Object.keys(hikyaku)];
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

describe("the methods in docs/inspector.md", () => {
  it("are all that the inspector has", () => {
    const told = rowsOf("docs/inspector.md").flatMap(([cell]) =>
      codesIn(cell).map((code) => code.replace(/\(.*/s, "")),
    );
    const known = Object.getOwnPropertyNames(Inspector.prototype).filter((name) => name !== "constructor");
    expect(sorted(new Set(told))).toEqual(sorted(known));
  });
});

describe("the requests in docs/servers.md", () => {
  const rows = rowsOf("docs/servers.md").filter(([request = ""]) => request.includes("POST"));

  it.each([
    ["quiet", quietServerRequest],
    ["stop", stopServerRequest],
    ["evict", evictServerRequest],
  ])("take the body that they take: %s", (order, { shape }) => {
    const [, body] = rows.find(([request = ""]) => request.endsWith(`/${order}\``)) ?? [];
    expect(sorted(codesIn(body))).toEqual(sorted(Object.keys(shape)));
  });
});

describe("the instruments in docs/instruments.md", () => {
  const rows = rowsOf("docs/instruments.md");

  it("are all that there are, each with all that it tells", () => {
    expect(rows.map(([name]) => codesIn(name)[0])).toEqual(Object.keys(instruments));
    for (const [name = "", , fields] of rows) {
      const [instrument = ""] = codesIn(name);
      const reading = `${instrument.slice(0, 1).toUpperCase()}${instrument.slice(1)}Reading`;
      const ofCalls = fields?.includes("`store`") === true ? membersOf("instruments/index.ts", "CallReading") : [];
      const known = [...membersOf("instruments/index.ts", reading), ...ofCalls];
      expect(sorted(codesIn(fields)), instrument).toEqual(sorted(known));
    }
  });
});
