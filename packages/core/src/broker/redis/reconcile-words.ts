import { aFinding, type Finding, type FindingKind } from "../finding.ts";

/** Turns one row of `reconcile-tasks.lua` (id, kind, state, places, action) into words. */
export function taskFinding(queue: string, row: readonly string[], repair: "repaired" | "repairable"): Finding {
  const [taskId = "", kind = "", state = "", placesText = "", action = ""] = row;
  const places = placesText === "" ? [] : placesText.split(",");
  const detail = details[kind]?.(taskId, state, places) ?? `task ${taskId} is broken: ${kind}`;
  const about = { queue, taskId, detail };
  const words = actionWords(action);
  return aFinding(kind as FindingKind, about, words === undefined ? "by_hand" : repair, words);
}

type Detail = (taskId: string, state: string, places: readonly string[]) => string;

const details: Readonly<Record<string, Detail>> = {
  active_without_lease: (id) => `task ${id} is listed as running, and nobody holds a lease of it`,
  lease_without_active: (id, state) => `a lease is kept of task ${id}, which is not listed as running (${said(state)})`,
  no_body: (id, _state, places) => `${places.join(" and ")} names task ${id}, which does not exist`,
  no_message: (id) => `the key of task ${id} holds no message, and no list names it`,
  unlisted: (id, state) => `no list names task ${id} (${said(state)})`,
  wrong_state: (id, state, places) => `task ${id} is listed as ${places.join(" and ")}, but ${said(state)}`,
  listed_twice: (id, state, places) =>
    places.length > 1
      ? `task ${id} is listed as ${places.join(" and ")} (${said(state)})`
      : `the list of ${places.join()} tasks names task ${id} more than once`,
  unreadable: (id) => `the key of task ${id} holds something that is no task`,
};

function said(state: string): string {
  return state === "" ? "it says no state" : `it says that it is ${state}`;
}

function actionWords(action: string): string | undefined {
  if (action.startsWith("state_")) return `it says ${action.slice("state_".length)} now`;
  if (action.startsWith("kept_")) return `only its entry as ${action.slice("kept_".length)} is kept`;
  return actions[action];
}

const actions: Readonly<Record<string, string>> = {
  dropped: "the name is dropped",
  removed: "it is removed",
  listed: "it is listed again",
  archived: "it is archived with the reason",
  lease_given: "it gets a lease that has ended, so that recovery finds it",
  lease_dropped: "the lease is dropped",
};
