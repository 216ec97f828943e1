import { errorText, isHikyakuError, isStoreAway } from "../errors.ts";
import { Inspector, type InspectorOptions } from "../inspector/inspector.ts";
import { jsonLogger, type Logger } from "../runtime/logger.ts";
import type { AuditNote, AuditResult, AuditTrail, AuditWay } from "./audit-trail.ts";

export interface AuditedInspectorOptions extends InspectorOptions {
  readonly audit: AuditTrail;
  /** For whom it changes things, such as a user's name. */
  readonly who: string;
  /** Default: `code`. */
  readonly way?: AuditWay;
  /** Hears of changes that could not be written down. Default: JSON lines on standard error. */
  readonly logger?: Logger;
}

type Method = Exclude<keyof Inspector, symbol>;

/** What a call of a method changes. */
type Told = Pick<AuditNote, "operation" | "on"> & { readonly input?: unknown; readonly reason?: string | undefined };

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)) ?? "";

function onTask(operation: string) {
  return ([queue, id]: readonly unknown[]): Told => ({ operation, on: { queue: text(queue), id: text(id) } });
}

function onQueue(operation: string) {
  return ([queue, options]: readonly unknown[]): Told => ({
    operation,
    on: { queue: text(queue) },
    reason: reasonOf(options),
  });
}

function onServer(operation: string) {
  return ([id, options]: readonly unknown[]): Told => ({ operation, on: { id: text(id) }, reason: reasonOf(options) });
}

function onTasks(operation: string) {
  return ([selection]: readonly unknown[]): Told => ({
    operation,
    on: { queue: text((selection as { readonly queue?: unknown } | undefined)?.queue) },
    input: selection,
  });
}

function reasonOf(options: unknown): string | undefined {
  const reason = (options as { readonly reason?: unknown } | undefined)?.reason;
  return typeof reason === "string" ? reason : undefined;
}

/** The methods of the inspector that change something. A test knows all the others as such that only read. */
export const changesOfInspector: Readonly<Partial<Record<Method, (args: readonly unknown[]) => Told>>> = {
  runTasks: onTasks("run-tasks"),
  archiveTasks: onTasks("archive-tasks"),
  deleteTasks: onTasks("delete-tasks"),
  runTask: onTask("run-task"),
  archiveTask: onTask("archive-task"),
  deleteTask: onTask("delete-task"),
  rescheduleTask: onTask("reschedule-task"),
  cancel: ([first, second]) => ({
    operation: "cancel-task",
    on: typeof second === "string" ? { queue: text(first), id: second } : { id: text(first) },
  }),
  pauseQueue: onQueue("pause-queue"),
  resumeQueue: onQueue("resume-queue"),
  removeQueue: onQueue("remove-queue"),
  editPayload: onTask("edit-task"),
  releaseLock: ([lock]) => {
    const { queue, type } = (lock ?? {}) as { readonly queue?: unknown; readonly type?: unknown };
    return { operation: "release-lock", on: { queue: text(queue), type: text(type) } };
  },
  quietServer: onServer("quiet-server"),
  stopServer: onServer("stop-server"),
  evictServer: onServer("evict-server"),
};

/**
 * An inspector whose changes are written down in the audit, with who made them, also those that were refused. A change is
 * carried out even where it can't be written down; the log says so then.
 * @throws HikyakuError `invalid_option`.
 */
export function auditedInspector(options: AuditedInspectorOptions): Inspector {
  const { audit, who, way = "code", logger = jsonLogger("error"), ...own } = options;
  const inspector = new Inspector(own);
  const write = async (change: Told, result: AuditResult, code?: string): Promise<void> => {
    const note: AuditNote = { who, way, ...change, result, code };
    try {
      await audit.write(note);
    } catch (error) {
      const { operation, on } = change;
      logger.error("a change is missing in the audit", { who, operation, on, result, code, error: errorText(error) });
    }
  };
  return new Proxy(inspector, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const tells = Object.hasOwn(changesOfInspector, name) ? changesOfInspector[name as Method] : undefined;
      if (tells === undefined) return value.bind(target);
      return async (...args: readonly unknown[]) => {
        const change = tells(args);
        try {
          const answer: unknown = await value.apply(target, args);
          await write(change, "done");
          return answer;
        } catch (error) {
          await write(change, resultOf(error), isHikyakuError(error) ? error.code : "internal_error");
          throw error;
        }
      };
    },
  });
}

/** What became of a change that failed. */
function resultOf(error: unknown): AuditResult {
  if (!isHikyakuError(error)) return "perhaps_done";
  const isUnknown = (isStoreAway(error) && error.code !== "broker_unavailable") || error.code === "cancelled";
  return isUnknown ? "perhaps_done" : "not_done";
}
