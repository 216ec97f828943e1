import { spellingsOf } from "@hikyaku/app-kit";
import { presentExplainedTask, presentTaskLog, presentTaskReason } from "@hikyaku/operations/presenters";
import type { Command } from "commander";
import {
  type ExplainedTask,
  HikyakuError,
  Inspector,
  isHikyakuError,
  type TaskLogPage,
  type TaskReason,
  type UnreadableTaskInfo,
} from "hikyaku";
import { withStore } from "../open-store.ts";
import { type CommandContext, show } from "../output.ts";
import { taskText } from "../task-text.ts";

interface TaskOptions {
  readonly queue?: string;
  readonly json: boolean;
}

interface Found {
  readonly store: string;
  readonly tasks: readonly FoundTask[];
}

interface FoundTask {
  readonly explained: ExplainedTask | UnreadableTaskInfo;
  readonly reason: TaskReason;
  /** Undefined when the task is gone by now. */
  readonly log: TaskLogPage | undefined;
}

/** `task`: the state of one task, and why it does not run. */
export function addTask(program: Command, { streams }: CommandContext): void {
  program
    .command("task")
    .argument("<id>", "the task's id, such as the job_id of a demo job")
    .description(
      "Tells what became of a task: its state, why it waits, who runs it, what it says, and each attempt with where, when and how it ended.",
    )
    .option("--queue <name>", "look in this queue only (default: in all that the store names)")
    .option("--json", "write JSON", false)
    .action(async (id: string, { queue, json }: TaskOptions) => {
      const found = await withStore(async (broker): Promise<Found> => {
        const inspector = new Inspector({ broker });
        const queues = queue === undefined ? await broker.queues() : [queue];
        const tasks: FoundTask[] = [];
        for (const name of queues) {
          const found = await inspector.explainTasks(name, spellingsOf(id));
          const explained = found.tasks.find((task) => task !== undefined);
          if (explained === undefined) continue;
          const task = "explanation" in explained ? explained.task : explained;
          const reason = await inspector.explain(name, task.id);
          tasks.push({ explained, reason, log: await inspector.taskLog(name, task.id).catch(nothingIfGone) });
        }
        return { store: broker.location, tasks };
      });
      if (found.tasks.length === 0) throw notFound(id, queue, found.store);
      const presented = found.tasks.map(({ explained, reason, log }) => {
        const { why, sentence } = presentTaskReason(reason);
        const shownLog = log === undefined ? null : presentTaskLog(log);
        return { ...presentExplainedTask(explained), why, sentence, log: shownLog };
      });
      show(streams, json, { ...found, tasks: presented }, () =>
        found.tasks.map(({ reason, log }) => taskText(reason, log)).join("\n"),
      );
    });
}

/** A task may be done between two looks. */
function nothingIfGone(error: unknown): undefined {
  if (!isHikyakuError(error, "task_not_found")) throw error;
}

function notFound(id: string, queue: string | undefined, store: string): HikyakuError {
  const where = queue === undefined ? "in no queue" : `not in queue ${JSON.stringify(queue)}`;
  return new HikyakuError(
    "task_not_found",
    `task ${JSON.stringify(id)} is ${where} of ${store}: it was never enqueued there, was deleted, or has completed and ` +
      "is not kept any more",
  );
}
