import { AssertionError } from "node:assert";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";
import { type OwnFields, ownFields, ownFieldsOf } from "../task/own-fields.ts";
import type { PayloadInput, TaskDefinition } from "../task/task.ts";
import type { OwnField } from "../task/task-fields.ts";
import { display, type Matching, mismatch } from "./mismatch.ts";
import type { EnqueuedRecord } from "./task-log.ts";

/** What is expected of an enqueued task besides its type and payload. An absent field may be anything. */
export interface EnqueuedExpectation extends OwnFields {
  /** How many such tasks there are. Default: one or more. */
  readonly times?: number;
  readonly taskId?: string;
  readonly queue?: string;
  /** Due at this moment. */
  readonly at?: Date;
  /** Due this long after it was enqueued. `"0s"`: at once. */
  readonly in?: Duration;
  readonly group?: string;
  readonly maxRetry?: number;
  readonly uniqueFor?: Duration;
  /** The headers that matter. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Anything that tells what was enqueued: a `TestQueue`. */
export interface EnqueuedSource {
  enqueued(): readonly EnqueuedRecord[];
}

/** What a look at the enqueued tasks found. */
export interface EnqueuedFinding {
  readonly found: readonly EnqueuedRecord[];
  /** Whether there are as many as expected. */
  readonly pass: boolean;
  /** The message of a failed assertion, or of a failed opposite. */
  readonly message: string;
}

const mostListed = 20;
const expectations: Readonly<Record<Exclude<keyof EnqueuedExpectation, OwnField>, true>> = {
  times: true,
  taskId: true,
  queue: true,
  at: true,
  in: true,
  group: true,
  maxRetry: true,
  uniqueFor: true,
  headers: true,
};
const expectationNames: ReadonlySet<string> = new Set([...Object.keys(expectations), ...ownFields]);

/**
 * Asserts that such a task was enqueued, by anybody, whether it has run since or not. `payload` undefined fits any
 * payload; objects may name only the fields that matter; a function decides by itself. Returns what it found.
 * @throws AssertionError that lists what was enqueued instead.
 */
export function assertEnqueued<Task extends TaskDefinition>(
  queue: EnqueuedSource,
  task: Task,
  payload?: Matching<PayloadInput<Task>>,
  options?: EnqueuedExpectation,
): readonly EnqueuedRecord<PayloadInput<Task>>[] {
  const { pass, found, message } = findEnqueued(queue, task, payload, options);
  if (pass) return found as readonly EnqueuedRecord<PayloadInput<Task>>[];
  throw new AssertionError({ message, operator: "assertEnqueued", stackStartFn: assertEnqueued });
}

/**
 * Asserts that no such task was enqueued.
 * @throws AssertionError that lists the tasks that were; HikyakuError for `times`.
 */
export function assertNotEnqueued<Task extends TaskDefinition>(
  queue: EnqueuedSource,
  task: Task,
  payload?: Matching<PayloadInput<Task>>,
  options?: Omit<EnqueuedExpectation, "times">,
): void {
  if (options !== undefined && "times" in options) {
    throw new HikyakuError(
      "invalid_option",
      'assertNotEnqueued: expected no option "times", since none is to be there',
    );
  }
  const { pass, message } = findEnqueued(queue, task, payload, options);
  if (!pass) return;
  throw new AssertionError({ message, operator: "assertNotEnqueued", stackStartFn: assertNotEnqueued });
}

/** @throws HikyakuError `invalid_option` when it is no test queue or no task, and for an option that does not exist. */
export function findEnqueued(
  queue: unknown,
  task: { readonly type: string },
  payload: unknown,
  options: EnqueuedExpectation = {},
): EnqueuedFinding {
  if (!isSource(queue)) {
    throw new HikyakuError("invalid_option", `expected what testQueue() makes, got ${shown(queue)}`);
  }
  if (typeof task?.type !== "string") {
    throw new HikyakuError("invalid_option", `expected a task made by defineTask, got ${shown(task)}`);
  }
  refuseUnknownOptions("toHaveEnqueued", options, expectationNames);
  const all = queue.enqueued();
  const reasons = new Map(all.map((record) => [record, difference(record, task, payload, options)]));
  const found = all.filter((record) => reasons.get(record) === undefined);
  const { times } = options;
  const pass = times === undefined ? found.length > 0 : found.length === times;
  const wanted = expectation(task, payload, options);
  const message = pass
    ? `expected ${wanted} not to be enqueued, found ${counted(found.length)}\n${listed(found, reasons)}`
    : `expected ${wanted} to be enqueued${times === undefined ? "" : ` ${times} times`}, found ${counted(found.length)}\n` +
      listed(all, reasons);
  return { found, pass, message };
}

function isSource(queue: unknown): queue is EnqueuedSource {
  return typeof queue === "object" && queue !== null && typeof Reflect.get(queue, "enqueued") === "function";
}

/** Why a record is not the expected one; undefined when it is. */
function difference(
  record: EnqueuedRecord,
  task: { readonly type: string },
  payload: unknown,
  options: EnqueuedExpectation,
): string | undefined {
  if (record.type !== task.type) return "another type";
  const { at, in: delay, uniqueFor, headers, taskId, queue, group, maxRetry } = options;
  const plain = { id: taskId, queue, group, maxRetry, headers, ...ownFieldsOf(options) };
  const wanted = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  const own = payload === undefined ? undefined : mismatch(record.payload, payload, "payload");
  if (own !== undefined) return own;
  for (const [name, value] of Object.entries(wanted)) {
    const found = mismatch(Reflect.get(record, name), value, name);
    if (found !== undefined) return found;
  }
  if (at !== undefined && record.dueAt.getTime() !== at.getTime()) {
    return `due: expected ${at.toISOString()}, got ${record.dueAt.toISOString()}`;
  }
  const waitMs = record.dueAt.getTime() - record.enqueuedAt.getTime();
  if (delay !== undefined && waitMs !== durationMs("in", delay)) {
    return `due: expected in ${display(delay)}, got in ${waitMs} ms`;
  }
  if (uniqueFor !== undefined && record.uniqueForMs !== durationMs("uniqueFor", uniqueFor)) {
    return `uniqueFor: expected ${display(uniqueFor)}, got ${record.uniqueForMs ?? "none"}`;
  }
  return undefined;
}

function expectation(task: { readonly type: string }, payload: unknown, options: EnqueuedExpectation): string {
  const { times: _, ...rest } = options;
  const parts = Object.entries(rest).filter(([, value]) => value !== undefined);
  const withPayload = payload === undefined ? "" : ` with payload ${display(payload)}`;
  const withOptions = parts.map(([name, value]) => `, ${name} ${display(value)}`).join("");
  return `task "${task.type}"${withPayload}${withOptions}`;
}

function counted(count: number): string {
  return count === 0 ? "none" : String(count);
}

function listed(records: readonly EnqueuedRecord[], reasons: ReadonlyMap<EnqueuedRecord, string | undefined>): string {
  if (records.length === 0) return "nothing was enqueued at all";
  const lines = records.slice(0, mostListed).map((record) => {
    const reason = reasons.get(record);
    return `  - ${described(record)}${reason === undefined ? "" : `\n      ${reason}`}`;
  });
  const left = records.length - lines.length;
  return ["enqueued were:", ...lines, ...(left > 0 ? [`  and ${left} more`] : [])].join("\n");
}

function described(record: EnqueuedRecord): string {
  const { id, type, queue, payload, dueAt, enqueuedAt, group } = record;
  const waitMs = dueAt.getTime() - enqueuedAt.getTime();
  const when = waitMs === 0 ? "due at once" : `due in ${waitMs} ms, at ${dueAt.toISOString()}`;
  return `"${type}" ${display(payload)} in queue "${queue}", ${when}${group === "" ? "" : `, group "${group}"`} (id ${id})`;
}
