import type { groupEndpoints } from "@hikyaku/contract";
import type { BulkReport, Inspector } from "hikyaku";
import type { OperationsContext } from "../context.ts";
import { pageByName } from "../cursor.ts";
import { presentGroup } from "../presenters/group.ts";
import type { HandlersOf } from "../route.ts";
import { timeLeft } from "../time-left.ts";

export const groupHandlers = {
  listGroups: async ({ inspector, signal }, { params, query }) => {
    const { items, next } = pageByName(await inspector.groups(params.queue, { signal }), ({ group }) => group, query);
    return { status: 200, body: { groups: items.map(presentGroup), next } };
  },
  runGroup: async (context, { params }) => ({ status: 200, body: await changed(context, "runTasks", params) }),
  archiveGroup: async (context, { params }) => ({ status: 200, body: await changed(context, "archiveTasks", params) }),
  deleteGroup: async (context, { params }) => ({ status: 200, body: await changed(context, "deleteTasks", params) }),
} satisfies HandlersOf<typeof groupEndpoints>;

async function changed(
  context: OperationsContext,
  change: keyof Inspector & ("runTasks" | "archiveTasks" | "deleteTasks"),
  { queue, group }: { readonly queue: string; readonly group: string },
) {
  const within = timeLeft(context);
  const report: BulkReport = await context.inspector[change]({ queue, state: "aggregating", group }, { within });
  return { queue, group, changed: report.changed, refused: { ...report.refused }, complete: report.complete };
}
