import type { auditEndpoints } from "@hikyaku/contract";
import type { AuditEntry, AuditPage, AuditTrail } from "hikyaku";
import { type AuditFilter, endsBefore, fits, isFiltered } from "../audit/audit-filter.ts";
import { presentAuditEntry } from "../presenters/audit-entry.ts";
import type { HandlersOf } from "../route.ts";

/** The most entries that one page looks at. */
const scanBudget = 10_000;
const step = 1_000;

export const auditHandlers = {
  listAudit: async ({ audit, signal }, { query }) => {
    const found: AuditEntry[] = [];
    const limit = isFiltered(query) ? step : query.limit;
    let cursor = query.cursor === undefined ? undefined : Number(query.cursor);
    let scanned = 0;
    for (;;) {
      const { entries, next } = await audit.page({ limit, cursor }, { signal });
      for (const entry of entries) {
        scanned++;
        if (fits(entry, query)) found.push(entry);
        if (found.length === query.limit) return page(found, String(entry.position), scanned, true);
      }
      if (next === undefined || endsBefore(entries, query)) return page(found, null, scanned, true);
      cursor = next;
      if (scanned >= scanBudget) return page(found, String(next), scanned, false);
    }
  },
  exportAudit: async ({ audit, signal }, { query }) => {
    // Before the answer begins, so that a store that is away is told with a status.
    const first = await audit.page({ limit: step }, { signal });
    return { status: 200, body: lines(audit, first, query, signal) };
  },
} satisfies HandlersOf<typeof auditEndpoints>;

function page(found: readonly AuditEntry[], next: string | null, scanned: number, complete: boolean) {
  const body = { entries: found.map(presentAuditEntry), next, scanned, complete };
  return { status: 200, body } as const;
}

async function* lines(
  audit: AuditTrail,
  first: AuditPage,
  filter: AuditFilter,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let { entries, next } = first;
  for (;;) {
    const fitting = entries.filter((entry) => fits(entry, filter));
    if (fitting.length > 0) yield fitting.map((entry) => `${JSON.stringify(presentAuditEntry(entry))}\n`).join("");
    if (next === undefined || signal.aborted || endsBefore(entries, filter)) return;
    ({ entries, next } = await audit.page({ limit: step, cursor: next }, { signal }));
  }
}
