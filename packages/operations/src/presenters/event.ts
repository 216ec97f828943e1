import { type EventView, momentText } from "@hikyaku/contract";
import type { WatchedEvent } from "hikyaku";
import { presentMoment } from "./moment.ts";

/** An event as its watchers get it. Its position stands beside it. */
export function presentEvent(event: WatchedEvent): EventView {
  if (event.kind === "gap") return { kind: "gap", missed: event.missed };
  if (event.kind === "reset") return { kind: "reset" };
  const at = momentText(event.at);
  if ("queues" in event) {
    const { kind, serverId, host, pid, queues } = event;
    return { kind, at, server_id: serverId, host, pid, queues: [...queues] };
  }
  if (event.kind === "server_told") {
    const { kind, serverId, order, by, reason = null } = event;
    const source = by === undefined ? null : { host: by.host, pid: by.pid, who: by.who ?? null };
    return { kind, at, server_id: serverId, order, by: source, reason };
  }
  const { queue, type, taskId } = event;
  const told = { at, queue, type, task_id: taskId };
  if (event.kind === "enqueued") {
    return { kind: "enqueued", ...told, state: event.state, due_at: presentMoment(event.dueAt) };
  }
  if (event.kind === "settled") {
    const { kind, outcome, attempt = null, error = null, serverId = null, host = null, pid = null } = event;
    const times = { started_at: presentMoment(event.startedAt), retry_at: presentMoment(event.retryAt) };
    return { kind, ...told, outcome, attempt, ...times, error, server_id: serverId, host, pid };
  }
  const server = { server_id: event.serverId, host: event.host, pid: event.pid };
  if (event.kind === "started") return { kind: "started", ...told, ...server, retried: event.retried };
  return { kind: "progressed", ...told, ...server, done: event.done, total: event.total ?? null };
}
