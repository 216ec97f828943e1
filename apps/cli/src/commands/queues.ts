import type { QueueSummaryView } from "@hikyaku/contract";
import type { Command } from "commander";
import { visibleText } from "hikyaku";
import { ago, type CommandContext, show, table } from "../output.ts";
import { queuesOfApi, queuesOfStore } from "../read-queues.ts";

/** `queues`: how many tasks each queue has, by state. */
export function addQueues(program: Command, { streams }: CommandContext): void {
  program
    .command("queues")
    .description("Lists the queues with their tasks by state, today's work, and how long the next task has waited.")
    .option("--url <address>", "ask the operations API there, with the key in HIKYAKU_API_KEY, instead of the store")
    .option("--json", "write JSON", false)
    .action(async ({ json, url }: { readonly json: boolean; readonly url?: string }) => {
      const { queues, store } = url === undefined ? await queuesOfStore() : await queuesOfApi(url);
      show(streams, json, { store, queues }, () => queuesText(queues, store));
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

function queuesText(queues: readonly QueueSummaryView[], store: string): string {
  if (queues.length === 0) return `${store}: no queue yet.\n`;
  return table([heading, ...queues.map(rowOf)]);
}

function rowOf(summary: QueueSummaryView): (string | number)[] {
  const { queue, counts, paused } = summary;
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
    summary.processed_today,
    summary.failed_today,
    // When no worker brings due tasks to the line, they wait as well.
    ago(Math.max(summary.latency_ms, summary.overdue_ms)),
    paused ? "paused" : "",
  ];
}
