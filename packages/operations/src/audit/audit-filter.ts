import type { auditEndpoints, InputOf } from "@hikyaku/contract";
import type { AuditEntry } from "hikyaku";

/** Which entries of the audit are asked for. */
export type AuditFilter = InputOf<typeof auditEndpoints.exportAudit>["query"];

export function isFiltered(filter: AuditFilter): boolean {
  const { who, operation, queue, id, result, since, until } = filter;
  return [who, operation, queue, id, result, since, until].some((value) => value !== undefined);
}

export function fits(entry: AuditEntry, { who, operation, queue, id, result, since, until }: AuditFilter): boolean {
  const at = entry.at.getTime();
  return (
    (who === undefined || entry.who === who) &&
    (operation === undefined || entry.operation === operation) &&
    (queue === undefined || entry.on["queue"] === queue) &&
    (id === undefined || entry.on["id"] === id) &&
    (result === undefined || entry.result === result) &&
    (since === undefined || at >= Date.parse(since)) &&
    (until === undefined || at < Date.parse(until))
  );
}

/** Whether nothing that is as old as the last of these, or older, can fit. */
export function endsBefore(entries: readonly AuditEntry[], { since }: AuditFilter): boolean {
  const last = entries.at(-1);
  return last !== undefined && since !== undefined && last.at.getTime() < Date.parse(since);
}
