import { type EventKind, eventKinds, type QueueEvent } from "../broker/queue-event.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/** Which events somebody wants. What is absent does not narrow. */
export interface EventFilter {
  readonly kinds?: readonly EventKind[];
  /** Events of tasks in these queues, and of servers that work on one of them. */
  readonly queues?: readonly string[];
  /** Events of tasks of these types. */
  readonly types?: readonly string[];
}

/**
 * A test for events.
 * @throws HikyakuError `invalid_option`.
 */
export function eventTest(filter: EventFilter): (event: QueueEvent) => boolean {
  const kinds = namesOf("kinds", filter.kinds);
  const queues = namesOf("queues", filter.queues);
  const types = namesOf("types", filter.types);
  for (const kind of kinds ?? []) {
    if (eventKinds.some((known) => known === kind)) continue;
    throw new HikyakuError(
      "invalid_option",
      `option "kinds": expected some of ${eventKinds.join(", ")}, got ${shown(kind)}`,
    );
  }
  return (event) => {
    if (kinds?.has(event.kind) === false) return false;
    if (types !== undefined && !("type" in event && types.has(event.type))) return false;
    return queues === undefined || queuesOf(event).some((queue) => queues.has(queue));
  };
}

function queuesOf(event: QueueEvent): readonly string[] {
  if ("queue" in event) return [event.queue];
  return "queues" in event ? event.queues : [];
}

function namesOf(option: string, names: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (names === undefined) return undefined;
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return new Set(names);
  throw new HikyakuError("invalid_option", `option "${option}": expected an array of texts, got ${shown(names)}`);
}
