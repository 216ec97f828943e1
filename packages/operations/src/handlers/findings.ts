import { type findingEndpoints, momentText } from "@hikyaku/contract";
import { presentFinding } from "../presenters/finding.ts";
import type { HandlersOf } from "../route.ts";

export const findingHandlers = {
  listFindings: async ({ findings }) => {
    const { checkedAt, queuesChecked, queuesLeftOut, findings: found } = await findings.get();
    return {
      status: 200,
      body: {
        checked_at: momentText(checkedAt),
        queues_checked: queuesChecked,
        queues_left_out: queuesLeftOut,
        findings: found.map(presentFinding),
      },
    };
  },
} satisfies HandlersOf<typeof findingEndpoints>;
