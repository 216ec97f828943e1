import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { shardedQueue } from "../../src/sharding/sharded-queue.ts";
import { defineTask } from "../../src/task/task.ts";

// What the processes of the order tests share: the queue, its task, and a file. Each process writes to the file at
// once, so its lines are in the order in which things happened.

export const ordered = shardedQueue("steps", { shards: 3, ordered: "strict" });

export const step = defineTask({
  type: "step",
  queue: ordered,
  payload: z.object({ key: z.string(), number: z.number() }),
  shardKey: ({ key }) => key,
  retryDelay: ["50ms"],
});

interface Step {
  readonly key: string;
  readonly number: number;
}

interface LogLine extends Step {
  readonly what: "begin" | "end" | "fail";
  readonly who: string;
}

/** Writes down when a step begins and ends. What `work` throws is a failure. */
export function handlerThatLogs(file: string, who: string) {
  const write = (what: LogLine["what"], { key, number }: Step): void =>
    appendFileSync(file, `${JSON.stringify({ what, who, key, number })}\n`);
  return async (payload: Step, work: () => Promise<void> = () => delay(1)): Promise<void> => {
    write("begin", payload);
    try {
      await work();
    } catch (error) {
      write("fail", payload);
      throw error;
    }
    write("end", payload);
  };
}

export function readLog(file: string): readonly LogLine[] {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as LogLine);
}

/**
 * What went against the order: a task that began beside another one of its shard, before an earlier one of its key was over,
 * or twice without a reason. A process that was killed had no time to end its tasks, or to tell the store that one had ended:
 * those may run again.
 */
export function disorderIn(lines: readonly LogLine[], killed: string | undefined): readonly string[] {
  const disorder: string[] = [];
  const running = new Map<string, LogLine>();
  const ended = new Map<string, LogLine>();
  for (const line of lines) {
    const { what, who, key, number } = line;
    const shard = ordered.queueOf(key);
    const name = `${key} ${number} by ${who}`;
    if (what === "begin") {
      const other = running.get(shard);
      if (other !== undefined && other.who !== killed)
        disorder.push(`${name} began beside ${other.key} ${other.number}`);
      const last = ended.get(key);
      const isAgain = last !== undefined && last.who === killed && last.number === number;
      const next = (last?.number ?? -1) + 1;
      if (number !== next && !isAgain) disorder.push(`${name} began, expected ${next}`);
      running.set(shard, line);
    } else {
      running.delete(shard);
      if (what === "end") ended.set(key, line);
    }
  }
  return disorder;
}
