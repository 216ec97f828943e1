import { createHash } from "node:crypto";
import type { EnqueueItem } from "../broker/enqueue-facet.ts";
import type { TaskMessage, TaskRequest } from "../broker/task-message.ts";
import { durationMs } from "../duration.ts";
import { refuseOtherParts } from "../enqueue/enqueue-request.ts";
import { prepareTask } from "../enqueue/enqueued-task.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { defaultMessage } from "../task/default-message.ts";
import { isOfKind, isTexts } from "../task/field-kind.ts";
import { defaultMaxPayloadBytes } from "../task/payload-size.ts";
import type { EnqueueRequest } from "../task/task.ts";
import { fieldNames, fieldRow, requestFieldNames } from "../task/task-fields.ts";
import { goDuration } from "./go-duration.ts";

/** A task that is enqueued again and again: everything except its id and its moment. */
export interface TaskBlueprint {
  /** Its id is empty when each turn gets its own. */
  readonly request: TaskRequest;
  /** How long after its turn the task is due. */
  readonly delayMs: number;
  readonly uniqueForMs: number | undefined;
}

const payloadLimit = { maxPayloadBytes: defaultMaxPayloadBytes, maxPayloadOption: undefined };

/**
 * Checks a request once, for all its turns.
 * @throws HikyakuError `invalid_option`, `invalid_payload`.
 */
export async function blueprintOf(request: EnqueueRequest, now: number): Promise<TaskBlueprint> {
  if (typeof request !== "object" || request === null || typeof request.task !== "object") {
    throw new HikyakuError(
      "invalid_option",
      `scheduler entry: expected a request made by a definition's with(), got ${shown(request)}`,
    );
  }
  refuseOtherParts("scheduler entry", request);
  const { at, in: delay, ...options } = request.options ?? {};
  if (at !== undefined) {
    throw new HikyakuError(
      "invalid_option",
      `option "at" of a periodic task: expected none, since each turn has its own moment, got ${shown(at)}; use "in"`,
    );
  }
  const preparation = { now, newId: () => "", areIdsNew: false, ...payloadLimit };
  const { item } = await prepareTask(request.task, request.payload, options, preparation);
  return {
    request: requestOf((name) => item.message[name]),
    delayMs: delay === undefined ? 0 : durationMs("in", delay),
    uniqueForMs: item.uniqueForMs,
  };
}

/**
 * The task of one turn. Its id follows from entry and turn, so that all who enqueue it, however often, mean the same
 * task.
 * @throws HikyakuError `invalid_option` once the task's deadline has passed.
 */
export function turnItem(blueprint: TaskBlueprint, entryId: string, turnAt: number, now: number): EnqueueItem {
  return itemOf(blueprint, turnTaskId(entryId, turnAt), turnAt, now);
}

/**
 * The task, outside of any turn.
 * @throws HikyakuError as `turnItem`.
 */
export function extraItem(blueprint: TaskBlueprint, newId: () => string, now: number): EnqueueItem {
  return itemOf(blueprint, newId(), now, now);
}

function itemOf({ request, delayMs, uniqueForMs }: TaskBlueprint, id: string, from: number, now: number): EnqueueItem {
  const dueAt = Math.max(now, from + delayMs);
  if (request.deadlineAt !== undefined && request.deadlineAt <= dueAt) {
    throw new HikyakuError(
      "invalid_option",
      `option "deadline": expected a moment after the task is due, at ${new Date(dueAt).toISOString()}, got ` +
        `${new Date(request.deadlineAt).toISOString()}: it could never run; periodic tasks want a timeout instead`,
    );
  }
  return {
    message: defaultMessage({ ...request, id: request.id === "" ? id : request.id }),
    placement: dueAt > now ? { kind: "at", at: dueAt } : { kind: request.group === "" ? "now" : "group" },
    ...(uniqueForMs !== undefined && { uniqueForMs }),
  };
}

/** A UUIDv7 of the turn's moment, with a digest in place of the random bits. */
function turnTaskId(entryId: string, turnAt: number): string {
  const digest = createHash("sha256").update(`${turnAt} ${entryId}`).digest("hex");
  const time = Math.floor(turnAt).toString(16).padStart(12, "0");
  const variant = "89ab"[Number.parseInt(digest[3] ?? "0", 16) & 3];
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${digest.slice(0, 3)}`,
    `${variant}${digest.slice(4, 7)}`,
    digest.slice(7, 19),
  ].join("-");
}

/** Names an entry by all of its parts: equal entries get the same id everywhere. */
export function staticEntryId(spec: string, timeZone: string, blueprint: TaskBlueprint): string {
  const identity = JSON.stringify([spec, timeZone, ...blueprintFields(blueprint)]);
  return `entry-${createHash("sha256").update(identity).digest("hex").slice(0, 32)}`;
}

export function blueprintJson(blueprint: TaskBlueprint): string {
  return JSON.stringify(blueprintFields(blueprint));
}

function blueprintFields({ request, delayMs, uniqueForMs, ...others }: TaskBlueprint): unknown[] {
  // A part that is not written here would be lost on reading, and would be missing in the name.
  others satisfies Readonly<Record<string, never>>;
  const bytes = request.payload === undefined ? null : Buffer.from(request.payload).toString("base64");
  return [namedFields(request), bytes, sorted(request.headers), delayMs, uniqueForMs ?? null];
}

/**
 * The fields in the order of their names. The bytes of this name an entry, and servers of the version before must give
 * the same name. So a new field with its default must be undefined here: JSON leaves it out. Otherwise every entry gets
 * another name, and during a deploy each turn is enqueued twice.
 */
function namedFields(request: TaskRequest): Readonly<Record<string, unknown>> {
  const message = defaultMessage(request);
  return Object.fromEntries(namesInIdentity.map((name) => [name, inIdentity(message[name])]));
}

/** Texts in the order of their names, since the order in which they were given is no part of what was asked for. */
function inIdentity(value: unknown): unknown {
  return isTexts(value) ? sorted(value) : value;
}

function sorted(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).sort(([one], [other]) => (one < other ? -1 : 1)));
}

const namesInIdentity = fieldNames.filter((name) => ["named", "constant"].includes(fieldRow(name).identity)).sort();

/** @throws HikyakuError `corrupt_data` for text that `blueprintJson` did not write, also for one of a newer version. */
export function blueprintFromJson(json: string): TaskBlueprint {
  const corrupt = (why: string, cause?: unknown): HikyakuError => {
    const text = `definition of a scheduler entry: expected what this library wrote, got ${shown(json)}${why}`;
    return new HikyakuError("corrupt_data", text, { cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw corrupt("", error);
  }
  if (!isStored(value)) throw corrupt("");
  const [fields, payload, headers, delayMs, uniqueForMs] = value;
  const unfit = Object.keys(fields).find((name) => !isNamed(name) || !isOfKind(fieldRow(name).kind, fields[name]));
  if (unfit !== undefined) {
    const why = isNamed(unfit) ? "which is of another kind" : "which this version does not know";
    throw corrupt(`, with the field ${shown(unfit)}, ${why}`);
  }
  const bytes = payload === null ? undefined : Buffer.from(payload, "base64");
  const request = requestOf((name) => (name === "payload" ? bytes : name === "headers" ? headers : fields[name]));
  return { request, delayMs, uniqueForMs: uniqueForMs ?? undefined };
}

function isNamed(name: string): name is keyof TaskMessage {
  return namesInIdentity.some((known) => known === name);
}

/** The request, from the value of each field. Undefined means the field's default. */
function requestOf(fieldOf: (name: keyof TaskRequest) => unknown): TaskRequest {
  const values = requestFieldNames.flatMap((name) => {
    const value = fieldOf(name) ?? fieldRow(name).default;
    return value === undefined && fieldRow(name).wire === "none" ? [] : [[name, value]];
  });
  return Object.fromEntries(values);
}

type StoredBlueprint = [
  fields: Readonly<Record<string, unknown>>,
  payload: string | null,
  headers: Record<string, string>,
  delayMs: number,
  uniqueForMs: number | null,
];

function isStored(value: unknown): value is StoredBlueprint {
  if (!Array.isArray(value) || value.length !== 5) return false;
  const [fields, payload, headers, delayMs, uniqueForMs]: unknown[] = value;
  return (
    typeof fields === "object" &&
    fields !== null &&
    "type" in fields &&
    "queue" in fields &&
    (payload === null || typeof payload === "string") &&
    isTexts(headers) &&
    isLength(delayMs) &&
    (uniqueForMs === null || isLength(uniqueForMs))
  );
}

function isLength(value: unknown): boolean {
  return isOfKind("duration", value) && Number(value) >= 0;
}

/**
 * The options as Asynq writes them into its scheduler entries. Asynq's reader wants a `(` in each and stops at the
 * first `)`. So a `)` inside a text is written as an escape.
 */
export function optionTexts({ request, delayMs, uniqueForMs }: TaskBlueprint): string[] {
  const quoted = (value: unknown): string => JSON.stringify(value).replaceAll(")", "\\u0029");
  const texts = [`Queue(${quoted(request.queue)})`, `MaxRetry(${request.maxRetry})`];
  if (request.id !== "") texts.push(`TaskID(${quoted(request.id)})`);
  if (request.timeoutMs > 0) texts.push(`Timeout(${goDuration(request.timeoutMs)})`);
  if (request.deadlineAt !== undefined) texts.push(`Deadline(${unixDate(request.deadlineAt)})`);
  if (uniqueForMs !== undefined) texts.push(`Unique(${goDuration(uniqueForMs)})`);
  if (delayMs > 0) texts.push(`ProcessIn(${goDuration(delayMs)})`);
  if (request.retentionMs > 0) texts.push(`Retention(${goDuration(request.retentionMs)})`);
  if (request.group !== "") texts.push(`Group(${quoted(request.group)})`);
  for (const header of Object.entries(request.headers)) texts.push(`Header(${quoted(header)})`);
  return texts;
}

/** As `date` prints it, in UTC: `Thu May 14 01:02:03 UTC 2026`, the day padded with a blank. */
function unixDate(ms: number): string {
  const [, weekday, day, month, year, time] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(ms).toUTCString()) ?? [];
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}
