import type { QueueSummaryView } from "@hikyaku/contract";
import { operationsClient } from "@hikyaku/http-client";
import { presentQueue } from "@hikyaku/operations/presenters";
import { Inspector } from "hikyaku";
import { withStore } from "./open-store.ts";
import { UsageError } from "./usage-error.ts";

export interface ReadQueues {
  readonly store: string;
  readonly queues: readonly QueueSummaryView[];
}

/** All queues of the store that the settings name. */
export function queuesOfStore(): Promise<ReadQueues> {
  return withStore(async (broker) => ({
    queues: (await new Inspector({ broker }).queues()).map(presentQueue),
    store: broker.location,
  }));
}

/**
 * All queues that an operations API tells of. Its key is in `HIKYAKU_API_KEY`: others could see it on a command line.
 * @throws UsageError for an address that is none; CallError.
 */
export async function queuesOfApi(url: string): Promise<ReadQueues> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new UsageError(`--url: expected the address of an operations API, such as http://host/api/v1, got "${url}"`);
  }
  const key = process.env["HIKYAKU_API_KEY"];
  const client = operationsClient({ base: url, ...(key !== undefined && { key }) });
  const queues: QueueSummaryView[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor?: string } = { limit: 1_000, ...(cursor !== null && { cursor }) };
    const { data } = await client.listQueues({ query });
    queues.push(...data.queues);
    cursor = data.next;
  } while (cursor !== null);
  return { store: url, queues };
}
