import type { Config } from "@hikyaku/config";
import { AuditTrail, type AuditTrailOptions } from "hikyaku";

/** The audit of a store, bounded as the settings say. */
export function auditFromConfig({ api }: Pick<Config, "api">, broker: AuditTrailOptions["broker"]): AuditTrail {
  const { maxEntries, maxAgeDays } = api.audit;
  return new AuditTrail({ broker, maxEntries, maxAge: `${maxAgeDays}d` });
}
