import { momentText, type TaskTypeView } from "@hikyaku/contract";
import { handlesType, type ServerInfo, type TaskDefinition } from "hikyaku";
import { inputSchemaOf, outputSchemaOf } from "./json-schema.ts";
import { type Mask, maskedHeaders } from "./mask.ts";

/** The types with a definition, and those that live servers name, sorted. */
export function presentTypes(
  definitions: ReadonlyMap<string, TaskDefinition>,
  servers: readonly ServerInfo[],
  mask: Mask,
): TaskTypeView[] {
  const live = servers.filter(({ status, silentSince }) => status === "active" && silentSince === undefined);
  const handled = live.flatMap(({ details }) => (details?.handles.kind === "some" ? details.handles.exact : []));
  const names = [...new Set([...definitions.keys(), ...handled])].sort();
  return names.map((type) => presentType(type, definitions.get(type), live, mask));
}

function presentType(
  type: string,
  definition: TaskDefinition | undefined,
  live: readonly ServerInfo[],
  mask: Mask,
): TaskTypeView {
  return {
    type,
    defined: definition !== undefined,
    queue: definition?.defaults.queue ?? null,
    payload_schema: inputSchemaOf(definition?.payload) ?? null,
    result_schema: outputSchemaOf(definition?.result) ?? null,
    defaults: definition === undefined ? null : presentDefaults(definition.defaults, mask),
    handlers: live
      .filter(({ details }) => details !== undefined && handlesType(details.handles, type))
      .map(({ serverId, host, pid, details }) => ({ server_id: serverId, host, pid, build: details?.build ?? null })),
  };
}

function presentDefaults(defaults: TaskDefinition["defaults"], mask: Mask): NonNullable<TaskTypeView["defaults"]> {
  return {
    max_retry: defaults.maxRetry,
    timeout_ms: defaults.timeoutMs ?? null,
    deadline_at: defaults.deadlineAt === undefined ? null : momentText(defaults.deadlineAt),
    retention_ms: defaults.retentionMs,
    unique_for_ms: defaults.uniqueForMs ?? null,
    group: defaults.group === "" ? null : defaults.group,
    headers: maskedHeaders(defaults.headers, mask),
  };
}
