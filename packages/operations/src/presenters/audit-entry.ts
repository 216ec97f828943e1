import { type AuditEntryView, momentText } from "@hikyaku/contract";
import type { AuditEntry } from "hikyaku";

export function presentAuditEntry(entry: AuditEntry): AuditEntryView {
  const { position, at, who, way, from, operation, on, reason, input, before, after, result, code, status } = entry;
  return {
    position,
    at: momentText(at),
    who,
    way,
    from: from ?? null,
    operation,
    on: { ...on },
    reason: reason ?? null,
    input: input ?? null,
    before: before ?? null,
    after: after ?? null,
    result,
    code: code ?? null,
    status: status ?? null,
  };
}
