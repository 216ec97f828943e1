import { presentQueue } from "@hikyaku/operations/presenters";
import type { Command } from "commander";
import { Inspector, type QueueSummary, visibleText } from "hikyaku";
import { withStore } from "../open-store.ts";
import { ago, type CommandContext, show, table } from "../output.ts";

/** `queues`: how many tasks each queue has, by state. */
export function addQueues(program: Command, { streams }: CommandContext): void {
  program
    .command("queues")
    .description("Lists the queues with their tasks by state, today's work, and how long the next task has waited.")
    .option("--json", "write JSON", false)
    .action(async ({ json }: { readonly json: boolean }) => {
      const { queues, store } = await withStore(async (broker) => ({
        queues: await new Inspector({ broker }).queues(),
        store: broker.location,
      }));
      show(streams, json, { store, queues: queues.map(presentQueue) }, () => queuesText(queues, store));
    });
}

const heading = [
  "queue",
  "pending",
  "active",
  "scheduled",
  "retry",
  "aggregating",
  "completed",
  "archived",
  "done today",
  "failed today",
  "waits",
  "",
];

function queuesText(queues: readonly QueueSummary[], store: string): string {
  if (queues.length === 0) return `${store}: no queue yet.\n`;
  return table([heading, ...queues.map(rowOf)]);
}

function rowOf(summary: QueueSummary): (string | number)[] {
  const { queue, counts, processedToday, failedToday, latencyMs, overdueMs, paused } = summary;
  const { pending, active, scheduled, retry, aggregating, completed, archived } = counts;
  return [
    visibleText(queue),
    pending,
    active,
    scheduled,
    retry,
    aggregating,
    completed,
    archived,
    processedToday,
    failedToday,
    // When no worker brings due tasks to the line, they wait as well.
    ago(Math.max(latencyMs, overdueMs)),
    paused ? "paused" : "",
  ];
}
