import { writeFile } from "node:fs/promises";
import type { HeapProfiler, Profiler } from "node:inspector";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { flameGraph } from "./flame-graph.ts";
import { type RedisCounts, redisCounts } from "./redis-info.ts";
import { watchSection } from "./section.ts";
import type { Store } from "./system.ts";

export type ProfileKind = "cpu" | "allocations";

interface Subject {
  readonly kind: ProfileKind;
  readonly folder: string;
  readonly systemName: string;
  readonly workloadName: string;
  readonly store: Store;
}

const samplingMicroseconds = 200;
const allocationSampleBytes = 16_384;
const mostLines = 25;

/**
 * Profiles the measured part of this process's run. Writes files for Chrome's tools and a flame graph into the folder,
 * and says on stderr where the time, or the memory, goes.
 */
export function startProfile(subject: Subject): void {
  const session = new Session();
  session.connect();
  let before: RedisCounts | undefined;
  let startedAt = 0;
  watchSection({
    begin: async () => {
      before = await redisCounts(subject.store.redisPort);
      if (subject.kind === "cpu") {
        await session.post("Profiler.enable");
        await session.post("Profiler.setSamplingInterval", { interval: samplingMicroseconds });
        await session.post("Profiler.start");
      } else {
        await session.post("HeapProfiler.startSampling", {
          samplingInterval: allocationSampleBytes,
          includeObjectsCollectedByMajorGC: true,
          includeObjectsCollectedByMinorGC: true,
        });
      }
      startedAt = performance.now();
    },
    end: async (tasks) => {
      const seconds = (performance.now() - startedAt) / 1_000;
      const stem = join(
        subject.folder,
        `${subject.workloadName}, ${subject.systemName}`.replaceAll(/[^a-z0-9]+/gi, "-").replace(/-$/, ""),
      );
      const lines = [`${subject.workloadName}, ${subject.systemName}: ${tasks} tasks in ${seconds.toFixed(2)} s`];
      if (subject.kind === "cpu") {
        const { profile } = await session.post("Profiler.stop");
        lines.push(...timeLines(profile, tasks));
        await writeFile(`${stem}.cpuprofile`, JSON.stringify(profile));
        await writeFile(`${stem}.svg`, flameGraph(profile, lines[0] ?? ""));
        lines.push(...redisLines(before, await redisCounts(subject.store.redisPort), tasks));
      } else {
        const { profile } = await session.post("HeapProfiler.stopSampling");
        lines.push(...allocationLines(profile, tasks));
        await writeFile(`${stem}.heapprofile`, JSON.stringify(profile));
      }
      process.stderr.write(`${lines.join("\n")}\n`);
    },
  });
}

function timeLines(profile: Profiler.Profile, tasks: number): string[] {
  const self = new Map<string, number>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  let total = 0;
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const frame = nodes.get(id)?.callFrame;
    const took = profile.timeDeltas?.[index] ?? 0;
    // Starting the profile is in it, too.
    if (frame?.url === "node:inspector") continue;
    total += took;
    if (frame !== undefined) self.set(nameOf(frame), (self.get(nameOf(frame)) ?? 0) + took);
  }
  const idle = self.get("(idle)") ?? 0;
  const busy = total - idle;
  const share = (took: number): string => `${((took / busy) * 100).toFixed(1).padStart(5)} %`;
  const gc = self.get("(garbage collector)") ?? 0;
  return [
    `busy ${(busy / 1e6).toFixed(2)} s, idle ${(idle / 1e6).toFixed(2)} s: ${(busy / tasks).toFixed(2)} µs of JavaScript's thread a task`,
    `garbage collection: ${share(gc).trim()} of the busy time`,
    "where the busy time goes, by function itself:",
    ...largest(self, ["(idle)"]).map(([name, took]) => `  ${share(took)}  ${name}`),
  ];
}

function allocationLines({ head }: HeapProfiler.SamplingHeapProfile, tasks: number): string[] {
  const self = new Map<string, number>();
  let total = 0;
  const visit = (node: HeapProfiler.SamplingHeapProfileNode): void => {
    total += node.selfSize;
    const name = nameOf(node.callFrame);
    self.set(name, (self.get(name) ?? 0) + node.selfSize);
    for (const child of node.children) visit(child);
  };
  visit(head);
  return [
    `allocated on the heap: ${Math.round(total / tasks)} bytes a task, by samples; what Buffers hold outside comes on top`,
    "who allocates, bytes a task:",
    ...largest(self, []).map(([name, bytes]) => `  ${(bytes / tasks).toFixed(0).padStart(6)}  ${name}`),
  ];
}

function redisLines(before: RedisCounts | undefined, after: RedisCounts, tasks: number): string[] {
  if (before === undefined || after.commands - before.commands < 10) return [];
  const a = (key: keyof RedisCounts): number => (after[key] - before[key]) / tasks;
  return [
    "Redis, a task:",
    `  ${a("scripts").toFixed(4)} calls of scripts, so ${(1 / a("scripts")).toFixed(1)} tasks a round trip`,
    `  ${a("commands").toFixed(2)} commands, those inside scripts included`,
    `  ${a("bytesIn").toFixed(0)} bytes in, ${a("bytesOut").toFixed(0)} bytes out`,
    `  ${(a("cpuSeconds") * 1e6).toFixed(2)} µs of its processor time`,
  ];
}

function largest(self: ReadonlyMap<string, number>, without: readonly string[]): [string, number][] {
  return [...self]
    .filter(([name]) => !without.includes(name))
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostLines);
}

function nameOf({ functionName, url, lineNumber }: { functionName: string; url: string; lineNumber: number }): string {
  const file = url.replace(/^file:\/\//, "").replace(/^.*\/(node_modules|packages|bench)\//, "$1/");
  return url === "" ? functionName || "(anonymous)" : `${functionName || "(anonymous)"} ${file}:${lineNumber + 1}`;
}
